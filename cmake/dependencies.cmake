# Everything comes from Debian's packages; tools/setup installs them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG)
if(Boost_VERSION VERSION_GREATER_EQUAL 1.82)
    # From here on Boost.URL cannot be compiled into src/base/boost_impl.cpp any more.
    find_package(Boost REQUIRED CONFIG COMPONENTS url)
endif()
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED CONFIG)

find_package(PkgConfig REQUIRED)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET "sqlite3 >= 3.40")
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET "libpq >= 15")
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(jwt REQUIRED IMPORTED_TARGET libjwt)
pkg_check_modules(crypt REQUIRED IMPORTED_TARGET libcrypt)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET "libcurl >= 7.88")
pkg_check_modules(pugixml REQUIRED IMPORTED_TARGET pugixml)
pkg_check_modules(archive REQUIRED IMPORTED_TARGET libarchive)

# CLI11 is header-only and has no pkg-config file in Debian 12.
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)

if(CLINIKK_TESTS)
    find_package(GTest CONFIG)
    if(NOT GTest_FOUND)
        message(STATUS "GoogleTest is not installed: building without tests (tools/setup test installs it)")
        set(CLINIKK_TESTS OFF)
    endif()
endif()
