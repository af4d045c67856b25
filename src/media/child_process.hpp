#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace clinikk::media {

/// A descriptor that the child inherits: `source` of this process becomes `target` of the child.
struct InheritedFd {
    int target = -1;
    int source = -1;
};

/// A program to run. The child has an empty environment, /dev/null as standard input, no other descriptors of this
/// process, and its own process group.
struct ChildCommand {
    std::string program;                 ///< a path; /proc/self refers to the child
    std::vector<std::string> arguments;  ///< including the program's name at [0]
    std::vector<InheritedFd> descriptors{};
    std::chrono::milliseconds deadline{20'000};
    std::size_t max_output = 1 << 20;   ///< bytes of standard output; a child that writes more is killed
    std::size_t max_errors = 64 << 10;  ///< bytes of standard error to keep; the last ones are kept
};

enum class ChildEnd { exited, killed, timed_out, too_talkative };

struct ChildResult {
    ChildEnd end = ChildEnd::exited;
    int code = 0;  ///< exit status, or signal number
    std::string output;
    std::string errors;
};

/// Runs the child to its end; blocks the calling thread. On return, the child and the remaining processes of its group
/// have been killed. Throws std::system_error when the child cannot be started.
ChildResult run_child(ChildCommand const& command);

}  // namespace clinikk::media
