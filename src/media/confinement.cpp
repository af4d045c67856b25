#include "media/confinement.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "media/landlock.hpp"
#include "media/sandbox.hpp"

namespace clinikk::media {
namespace {

namespace fs = std::filesystem;

constexpr int self_fd = 4;
constexpr char const* self_path = "/proc/self/fd/4";

std::optional<std::string> executable_file(fs::path const& path) {
    std::error_code error;
    auto resolved = fs::canonical(path, error);
    if (error || !fs::is_regular_file(resolved, error) || ::access(resolved.c_str(), X_OK) != 0) return std::nullopt;
    return resolved.string();
}

// What programs of the system need, and nothing that belongs to the service.
void append_file_system(std::vector<std::string>& arguments, std::string const& program) {
    arguments.insert(arguments.end(), {"--ro-bind", "/usr", "/usr"});
    for (auto const* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
        auto const path = fs::path("/") / name;
        std::error_code error;
        if (fs::is_symlink(path, error)) {
            arguments.insert(arguments.end(), {"--symlink", fs::read_symlink(path, error).string(), path.string()});
        } else if (fs::is_directory(path, error)) {
            arguments.insert(arguments.end(), {"--ro-bind", path.string(), path.string()});
        }
    }
    // Debian's alternatives lead from /usr/lib to /etc and back.
    for (auto const* path : {"/etc/ld.so.cache", "/etc/alternatives"}) {
        arguments.insert(arguments.end(), {"--ro-bind-try", path, path});
    }
    arguments.insert(arguments.end(), {"--proc", "/proc", "--dev-bind", "/dev/null", "/dev/null"});
    if (!program.empty() && !program.starts_with("/usr/")) {
        arguments.insert(arguments.end(), {"--ro-bind", program, program});
    }
    arguments.insert(arguments.end(), {"--chdir", "/"});
}

}  // namespace

std::string_view to_string(Confinement confinement) noexcept {
    constexpr std::array<std::string_view, 3> names{"seccomp", "landlock", "bubblewrap"};
    return names[static_cast<std::size_t>(confinement)];
}

std::optional<std::string> find_executable(std::string const& name) {
    if (name.find('/') != std::string::npos) return executable_file(name);
    char const* const path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        auto const end = std::min(rest.find(':'), rest.size());
        if (end > 0) {
            if (auto found = executable_file(fs::path(rest.substr(0, end)) / name)) return found;
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::nullopt;
}

SandboxLauncher::SandboxLauncher(fs::path const& self_exe)
    : self_(::open(self_exe.c_str(), O_PATH | O_CLOEXEC)), bubblewrap_(find_executable("bwrap")) {
    if (!self_) throw std::system_error(errno, std::generic_category(), self_exe.string());
}

ChildCommand SandboxLauncher::base(Confinement confinement, std::string const& program) const {
    ChildCommand command;
    command.descriptors = {{self_fd, self_.get()}};
    if (confinement != Confinement::bubblewrap) {
        command.program = self_path;
        command.arguments = {"clinikk-tv", "sandbox-exec", "--parent", std::to_string(::getpid())};
        return command;
    }
    command.program = *bubblewrap_;
    command.arguments = {"bwrap",      "--unshare-all", "--die-with-parent", "--new-session",
                         "--cap-drop", "ALL",           "--clearenv"};
    append_file_system(command.arguments, program);
    command.arguments.insert(command.arguments.end(), {"--", self_path, "sandbox-exec", "--inside-bubblewrap"});
    return command;
}

Confinement SandboxLauncher::detect() const {
    if (bubblewrap_) {
        auto trial = base(Confinement::bubblewrap, {});
        trial.arguments.emplace_back("--check");
        trial.deadline = std::chrono::seconds(5);
        auto const result = run_child(trial);
        if (result.end == ChildEnd::exited && result.code == 0) return Confinement::bubblewrap;
    }
    return landlock_version() > 0 ? Confinement::landlock : Confinement::seccomp;
}

ChildCommand SandboxLauncher::command(Confinement confinement, std::string const& program,
                                      std::vector<std::string> const& arguments, int input) const {
    auto command = base(confinement, program);
    command.descriptors.push_back({sandbox_input_fd, input});
    command.arguments.emplace_back("--");
    command.arguments.push_back(program);
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return command;
}

}  // namespace clinikk::media
