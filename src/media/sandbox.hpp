#pragma once

#include <cstddef>

namespace clinikk::media {

/// The descriptor under which a confined program finds its input: it opens /proc/self/fd/3.
constexpr int sandbox_input_fd = 3;

/// What a confined program may have of private memory (RLIMIT_DATA). With the pages of its program and libraries, which
/// all of them share, two programs stay below 512 MiB. FFmpeg 5.1 to 7.1 count 41 to 53 MiB before they open a file.
constexpr std::size_t sandbox_memory = std::size_t{160} << 20;

/// What `clinikk-tv sandbox-exec` exits with for reasons of its own.
enum class SandboxExit : int {
    out_of_memory = 124,   ///< the program failed, having used most of `sandbox_memory`
    refused = 125,         ///< confinement was not to be had, or the command line is wrong
    not_executable = 126,  ///< the program could not be started
    not_found = 127,       ///< there is no such program
};

/// The body of `clinikk-tv sandbox-exec [--require] [--inside-bubblewrap] [--parent PID] [--check] -- PROGRAM [ARG…]`,
/// `argv[0]` being `sandbox-exec`. Call it before anything else in `main`: threads and open files come from nowhere
/// then. It gives up privileges, confines itself with Landlock (where the kernel has it), closes all descriptors above
/// 3, and starts one child; both get a seccomp filter. The child sets limits, leaves PATH and LC_ALL=C of the
/// environment, and becomes the program. It can read /usr, the libraries, itself and what is open as descriptor 3; it
/// can write nothing but its standard output and error, has no network, and can start threads but no other program or
/// process. When memory is short the kernel ends it first.
///
/// `--require`: refuse unless there is Landlock, or bubblewrap around this. `--inside-bubblewrap`: the caller has
/// put that around. `--parent PID`: die with that process. `--check`: print what confines (`landlock` or
/// `seccomp`) in place of running a program.
///
/// Exits as the program did, with 128 and the signal's number when a signal ended it, or as SandboxExit says. Returns
/// only on failure to start it, with a line on standard error, and after `--check`.
int sandbox_exec_main(int argc, char** argv);

}  // namespace clinikk::media
