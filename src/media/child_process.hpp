#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace clinikk::media {

/// A descriptor for a child: it has `source` here as its `target`.
struct InheritedFd {
    int target = -1;
    int source = -1;
};

/// A program to run. Its environment is empty, its standard input /dev/null, it has no other descriptors of ours,
/// and it leads a process group of its own.
struct ChildCommand {
    std::string program;                 ///< a path; /proc/self means the child's
    std::vector<std::string> arguments;  ///< with the name at [0]
    std::vector<InheritedFd> descriptors{};
    std::chrono::milliseconds deadline{20'000};
    std::size_t max_output = 1 << 20;   ///< bytes of standard output; more of it ends the child
    std::size_t max_errors = 64 << 10;  ///< bytes of standard error; the last ones are kept
};

enum class ChildEnd { exited, killed, timed_out, too_talkative };

struct ChildResult {
    ChildEnd end = ChildEnd::exited;
    int code = 0;  ///< exit status, or the number of the signal
    std::string output;
    std::string errors;
};

/// Runs the child to its end and blocks the calling thread meanwhile. When this returns, the child and all that is
/// left of its process group have been killed. Throws std::system_error when the child cannot be started.
ChildResult run_child(ChildCommand const& command);

}  // namespace clinikk::media
