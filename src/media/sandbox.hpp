#pragma once

namespace clinikk::media {

/// The descriptor under which a confined program finds its input: it opens /proc/self/fd/3.
constexpr int sandbox_input_fd = 3;

/// What `clinikk-tv sandbox-exec` exits with when it does not come to run the program.
enum class SandboxExit : int {
    refused = 125,         ///< confinement was not to be had, or the command line is wrong
    not_executable = 126,  ///< the program could not be started
    not_found = 127,       ///< there is no such program
};

/// The body of `clinikk-tv sandbox-exec [--require] [--inside-bubblewrap] [--parent PID] [--check] -- PROGRAM [ARG…]`,
/// `argv[0]` being `sandbox-exec`. Call it before anything else in `main`: threads and open files come from nowhere
/// then. It gives up privileges, sets limits, confines the process with Landlock (where the kernel has it) and
/// seccomp, closes all descriptors above 3, leaves PATH and LC_ALL=C of the environment, and becomes the program.
/// The program can read /usr, the libraries, itself and what is open as descriptor 3; it can write nothing but its
/// standard output and error, and has no network.
///
/// `--require`: refuse unless there is Landlock, or bubblewrap around this. `--inside-bubblewrap`: the caller has
/// put that around. `--parent PID`: die with that process. `--check`: print what confines (`landlock` or
/// `seccomp`) in place of running a program.
///
/// Returns only on failure (see SandboxExit), with a line on standard error, and after `--check`.
int sandbox_exec_main(int argc, char** argv);

}  // namespace clinikk::media
