#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "media/child_process.hpp"

namespace clinikk::media {

/// The strongest layer of confinement of a child that reads media. Each layer includes the preceding ones as far as the
/// kernel supports them.
enum class Confinement : std::uint8_t {
    seccomp,     ///< system calls are filtered and resources limited; this user's files are readable
    landlock,    ///< only the system's programs and libraries are readable
    bubblewrap,  ///< the child has its own namespaces, which contain nothing else
};

/// `seccomp`, `landlock`, `bubblewrap`.
std::string_view to_string(Confinement confinement) noexcept;

/// Returns the path of the program with symbolic links resolved. Searches PATH when `name` has no slash. Empty when no
/// executable program is found.
std::optional<std::string> find_executable(std::string const& name);

/// Builds commands that run programs through `clinikk-tv sandbox-exec`. Thread-safe.
class SandboxLauncher {
public:
    /// `self_exe` is this program, or another program that accepts `sandbox-exec` as its first argument. The
    /// constructor opens the file once, because an upgrade may replace it later. Throws std::system_error.
    explicit SandboxLauncher(std::filesystem::path const& self_exe);

    /// Determines the strongest confinement that works on this machine by trying each.
    Confinement detect() const;

    /// The command that runs `program` (an absolute path) in the sandbox, with `input` as its descriptor 3.
    ChildCommand command(Confinement confinement, std::string const& program, std::vector<std::string> const& arguments,
                         int input) const;

private:
    ChildCommand base(Confinement confinement, std::string const& program) const;

    FileDescriptor self_;
    std::optional<std::string> bubblewrap_;
};

}  // namespace clinikk::media
