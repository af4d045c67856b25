# ccache is used when it is there. Its settings ride along in the environment, so nobody has to configure it:
# - sloppiness and -fpch-preprocess (options.cmake) are what it needs to cache objects built on a precompiled header;
# - base_dir and hash_dir make a second clone in another directory hit the first one's objects.
find_program(CLINIKK_CCACHE ccache)
if(CLINIKK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
        CCACHE_NOHASHDIR=1
        "${CLINIKK_CCACHE}")
endif()
