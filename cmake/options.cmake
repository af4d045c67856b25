# clinikk_options: what every translation unit of ours is compiled with.
add_library(clinikk_options INTERFACE)
target_include_directories(clinikk_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_link_libraries(clinikk_options INTERFACE Boost::headers $<TARGET_NAME_IF_EXISTS:Boost::url> Threads::Threads)

target_compile_definitions(clinikk_options INTERFACE
    CLINIKK_VERSION="${PROJECT_VERSION}"
    # Boost's compiled parts are built once, in src/base/boost_impl.cpp and src/base/async/asio_impl.cpp.
    BOOST_ASIO_SEPARATE_COMPILATION
    BOOST_ASIO_NO_DEPRECATED
    BOOST_JSON_NO_LIB
    BOOST_URL_NO_LIB)

target_compile_options(clinikk_options INTERFACE
    -fPIE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
    # False alarms of GCC 12 once code is inlined: Asio's frame allocator as a mismatch, libstdc++'s own strings and
    # variants as overruns or uninitialized (its bugs 105329, 105562, 105651). The sanitizers see the real ones.
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete;-Wno-array-bounds;-Wno-maybe-uninitialized;-Wno-restrict>"
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-stringop-overread>"
    # Debug information and __FILE__ say src/..., wherever the clone is.
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
# Under AddressSanitizer the addresses in the program alone fill tens of MiB. Placed by the linker they stay in the file;
# relocated at the start they are memory of every process, and of what the sandbox forks.
if(CLINIKK_PIE)
    target_link_options(clinikk_options INTERFACE -pie)
else()
    target_link_options(clinikk_options INTERFACE -no-pie)
endif()
# A sanitizer's runtime stands in for some functions (crypt_r): the library behind it would seem not to be needed.
if(NOT CMAKE_CXX_FLAGS_DEBUG MATCHES "-fsanitize")
    target_link_options(clinikk_options INTERFACE -Wl,--as-needed)
endif()

if(CLINIKK_WERROR)
    target_compile_options(clinikk_options INTERFACE -Werror)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
    # Clang 14 has C++20 coroutines but does not announce them, and libstdc++ asks.
    target_compile_definitions(clinikk_options INTERFACE __cpp_impl_coroutine=201902L)
endif()

# One precompiled header for all layers: they share every flag that matters to it. The tests have another one, since
# their flags differ.
function(clinikk_add_pch name header)
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/${name}.cpp" CONTENT "")
    add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/${name}.cpp")
    target_link_libraries(${name} PRIVATE ${ARGN})
    target_precompile_headers(${name} PRIVATE "${header}")
endfunction()

if(CLINIKK_PCH)
    clinikk_add_pch(clinikk_pch "${CMAKE_SOURCE_DIR}/cmake/pch.hpp" clinikk_options)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(clinikk_options INTERFACE -fpch-preprocess)
    endif()
endif()

# clinikk_use_pch(<target> [<precompiled>]): clinikk_pch, unless another is named.
function(clinikk_use_pch target)
    if(ARGC EQUAL 1)
        set(ARGV1 clinikk_pch)
    endif()
    if(CLINIKK_PCH)
        target_precompile_headers(${target} REUSE_FROM ${ARGV1})
    endif()
endfunction()
