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

/// What keeps children that touch media away from everything else, the strongest layer. Each has those before it
/// as well, as far as the kernel goes.
enum class Confinement : std::uint8_t {
    seccomp,     ///< system calls are filtered, resources limited; files of this user can be read
    landlock,    ///< only the system's programs and libraries can be read
    bubblewrap,  ///< nothing else is there: namespaces of its own
};

/// `seccomp`, `landlock`, `bubblewrap`.
std::string_view to_string(Confinement confinement) noexcept;

/// The program as a path without symbolic links, searched in PATH when its name has no slash; empty when there is
/// none that can be executed.
std::optional<std::string> find_executable(std::string const& name);

/// Starts programs by way of `clinikk-tv sandbox-exec`. Thread-safe.
class SandboxLauncher {
public:
    /// `self_exe` is this program, or another one that has `sandbox-exec` as its first argument. It is opened here,
    /// once: an upgrade may replace it meanwhile. Throws std::system_error.
    explicit SandboxLauncher(std::filesystem::path const& self_exe);

    /// Finds out what works here, by trying it.
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
