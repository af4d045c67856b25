#pragma once

#include <cstddef>

namespace clinikk::media {

/// The descriptor of the input of a confined program, which opens /proc/self/fd/3.
constexpr int sandbox_input_fd = 3;

/// The limit of the private memory of a confined program (RLIMIT_DATA). With the pages of the program and its
/// libraries, which all of them share, two programs stay below 512 MiB. FFmpeg 5.1 to 7.1 use 41 to 53 MiB before they
/// open a file.
constexpr std::size_t sandbox_memory = std::size_t{160} << 20;

/// The exit statuses of `clinikk-tv sandbox-exec` for reasons of its own.
enum class SandboxExit : int {
    out_of_memory = 124,   ///< the program failed after using most of `sandbox_memory`
    refused = 125,         ///< confinement was not available, or the command line is wrong
    not_executable = 126,  ///< the program could not be started
    not_found = 127,       ///< there is no such program
};

/// The body of `clinikk-tv sandbox-exec [--require] [--inside-bubblewrap] [--parent PID] [--check] -- PROGRAM [ARG…]`;
/// `argv[0]` is `sandbox-exec`. Call it before anything else in `main`, when there are no threads and no open files. It
/// gives up privileges, confines itself with Landlock (if the kernel has it), closes all descriptors above 3, and
/// starts one child; both get a seccomp filter. The child sets limits, reduces the environment to PATH and LC_ALL=C,
/// and becomes the program. It can read /usr, the libraries, itself and descriptor 3; it can write only to its standard
/// output and error; it has no network, and can start threads but no other program or process. When memory is short,
/// the kernel ends it first.
///
/// `--require`: refuse unless there is Landlock, or bubblewrap around this process. `--inside-bubblewrap`: the caller
/// has started it in bubblewrap. `--parent PID`: die with that process. `--check`: print what confines (`landlock` or
/// `seccomp`) instead of running a program.
///
/// Exits as the program did, with 128 plus the number of the signal when a signal ended it, or as SandboxExit states.
/// Returns only after a failure to start it, with a line on standard error, and after `--check`.
int sandbox_exec_main(int argc, char** argv);

}  // namespace clinikk::media
