#include "media/sandbox.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "media/landlock.hpp"
#include "media/seccomp_filter.hpp"

namespace clinikk::media {
namespace {

constexpr std::string_view search_path = "/usr/local/bin:/usr/bin:/bin";

struct Options {
    bool require = false;
    bool inside_bubblewrap = false;
    bool check = false;
    pid_t parent = 0;
    char** program = nullptr;  ///< argv of the program
};

int fail(SandboxExit status, std::string message, int error = 0) {
    message.insert(0, "sandbox-exec: ");
    if (error != 0) message += std::string(": ") + std::strerror(error);
    message += '\n';
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, message.data(), message.size());
    return static_cast<int>(status);
}

std::optional<Options> read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        if (argument == "--") {
            options.program = argv + i + 1;
            break;
        }
        if (argument == "--require") {
            options.require = true;
        } else if (argument == "--inside-bubblewrap") {
            options.inside_bubblewrap = true;
        } else if (argument == "--check") {
            options.check = true;
        } else if (argument == "--parent" && i + 1 < argc) {
            options.parent = static_cast<pid_t>(std::strtol(argv[++i], nullptr, 10));
        } else {
            return std::nullopt;
        }
    }
    bool const has_program = options.program != nullptr && options.program[0] != nullptr;
    if (has_program == options.check) return std::nullopt;
    return options;
}

// A path to the program; the environment has no influence on it.
std::optional<std::string> find_program(std::string const& name) {
    if (name.find('/') != std::string::npos) {
        std::array<char, PATH_MAX> resolved{};
        if (::realpath(name.c_str(), resolved.data()) == nullptr) return std::nullopt;
        return std::string(resolved.data());
    }
    auto rest = search_path;
    while (!rest.empty()) {
        auto const end = std::min(rest.find(':'), rest.size());
        auto path = std::string(rest.substr(0, end)) + '/' + name;
        if (::access(path.c_str(), X_OK) == 0) return path;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::nullopt;
}

// Also gives up what root would get back by execve.
bool drop_capabilities() {
    for (int capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> none{};
    return ::syscall(SYS_capset, &header, none.data()) == 0;
}

void close_from(int first) {
    if (::syscall(SYS_close_range, first, ~0u, 0) == 0) return;
    for (int fd = first; fd < 65536; ++fd) ::close(fd);  // before Linux 5.9
}

bool limit(__rlimit_resource resource, rlim_t value) {
    rlimit limits{};
    if (::getrlimit(resource, &limits) != 0) return false;
    if (limits.rlim_max != RLIM_INFINITY && limits.rlim_max < value) value = limits.rlim_max;
    limits.rlim_cur = limits.rlim_max = value;
    return ::setrlimit(resource, &limits) == 0;
}

bool set_limits(bool inside_bubblewrap) {
    // The kernel counts threads for a user, not for a program, and not for root. In the namespace of bubblewrap only
    // its own threads count; outside, those of the service and of everything else of its user count too.
    rlim_t const threads = inside_bubblewrap ? 64 : 2048;
    // Most of the address space are libraries, which are mapped whole (FFmpeg: 240 MiB) and hardly read. RLIMIT_DATA
    // bounds memory; this limit only bounds what escapes it.
    constexpr rlim_t address_space = rlim_t{512} << 20;
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 1 << 20) && limit(RLIMIT_NOFILE, 32) && limit(RLIMIT_CPU, 15) &&
           limit(RLIMIT_MEMLOCK, 64 << 10) && limit(RLIMIT_NPROC, threads) && limit(RLIMIT_STACK, 8 << 20) &&
           limit(RLIMIT_DATA, sandbox_memory) && limit(RLIMIT_AS, address_space);
}

// Every other process is worth more: when memory is short, the kernel looks for a process to end.
void volunteer_for_oom() {
    int const file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;  // no /proc: the limits still hold
    [[maybe_unused]] auto const written = ::write(file, "1000", 4);
    ::close(file);
}

LandlockRules landlock_rules(std::string const& program) {
    LandlockRules rules;
    rules.readable = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache"};
    if (!program.empty()) rules.readable.push_back(program);
    rules.devices = {"/dev/null"};
    struct stat status{};
    if (::fstat(sandbox_input_fd, &status) == 0 && S_ISREG(status.st_mode)) rules.readable_fd = sandbox_input_fd;
    return rules;
}

// An error message, or empty.
std::string give_up_privileges(Options const& options) {
    if (options.parent != 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != options.parent) return "the parent has gone";
    }
    ::umask(077);
    volunteer_for_oom();
    if (::chdir("/") != 0) return "cannot change to /";
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "cannot set NO_NEW_PRIVS";
    if (!drop_capabilities()) return "cannot drop capabilities";
    close_from(sandbox_input_fd + 1);
    return {};
}

// In the child: becomes the program. Returns only on failure. Writes its peak of memory so far (KiB) to `report`.
int become_program(Options const& options, std::string const& program, WriteAccess write_access, pid_t launcher,
                   int report) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    [[maybe_unused]] auto const written = ::write(report, &usage.ru_maxrss, sizeof usage.ru_maxrss);
    if (::getppid() != launcher) return fail(SandboxExit::refused, "the launcher has gone");
    int const error = install_seccomp_filter(write_access, program.c_str());
    if (error != 0) return fail(SandboxExit::refused, "cannot install the seccomp filter", error);
    if (!set_limits(options.inside_bubblewrap)) return fail(SandboxExit::refused, "cannot set limits", errno);
    auto path = "PATH=" + std::string(search_path);
    std::string locale = "LC_ALL=C";
    char* environment[] = {path.data(), locale.data(), nullptr};
    ::execve(program.c_str(), options.program, environment);
    return fail(SandboxExit::not_executable, program, errno);
}

// In the launcher: the exit status for the way in which the child ended. A program that got no memory may report
// anything (the Matroska reader of FFmpeg reports "End of file"), so the memory that it had used decides. The peak of
// the child includes `inherited` KiB, which it had of this process before it became the program: little, except where a
// sanitizer fills memory. Only what is clearly above that was used by the program.
int wait_for(pid_t child, long inherited) {
    constexpr long most_of_it = sandbox_memory / 1024 * 5 / 8;
    constexpr long uncertainty = 4 * 1024;  // the kernel counts pages in batches, and becoming the program takes some
    int status = 0;
    rusage usage{};
    while (::wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) return fail(SandboxExit::refused, "cannot wait for the program", errno);
    }
    bool const failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    bool const ended_for_time = WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
    bool const filled_memory = usage.ru_maxrss > std::max(most_of_it, inherited + uncertainty);
    if (failed && !ended_for_time && filled_memory) return static_cast<int>(SandboxExit::out_of_memory);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run_program(Options const& options, std::string const& program, WriteAccess write_access) {
    pid_t const launcher = ::getpid();
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) return fail(SandboxExit::refused, "cannot make a pipe", errno);
    pid_t const child = ::fork();
    if (child < 0) return fail(SandboxExit::refused, "cannot start a process", errno);
    // The exit handlers of the C library are not for processes with a filter.
    if (child == 0) ::_exit(become_program(options, program, write_access, launcher, report[1]));
    ::close(report[1]);
    long inherited = 0;
    [[maybe_unused]] auto const got = ::read(report[0], &inherited, sizeof inherited);
    int const error = install_seccomp_filter(write_access, nullptr);
    if (error != 0) {
        ::kill(child, SIGKILL);
        return fail(SandboxExit::refused, "cannot install the seccomp filter", error);
    }
    ::_exit(wait_for(child, inherited));
}

}  // namespace

int sandbox_exec_main(int argc, char** argv) {
    auto const options = read_options(argc, argv);
    if (!options) return fail(SandboxExit::refused, "usage: sandbox-exec [--require] -- PROGRAM [ARGUMENT...]");
    std::string program;
    if (!options->check) {
        auto found = find_program(options->program[0]);
        if (!found) return fail(SandboxExit::not_found, std::string(options->program[0]) + ": not found");
        program = std::move(*found);
    }
    if (auto const message = give_up_privileges(*options); !message.empty()) {
        return fail(SandboxExit::refused, message, errno);
    }
    bool const landlocked = restrict_with_landlock(landlock_rules(program));
    if (!landlocked && landlock_version() > 0) return fail(SandboxExit::refused, "Landlock failed", errno);
    if (options->require && !landlocked && !options->inside_bubblewrap) {
        return fail(SandboxExit::refused,
                    "confinement is required (SANDBOX=require), but this kernel offers no Landlock and bubblewrap does "
                    "not run");
    }
    bool const guarded = landlocked || options->inside_bubblewrap;
    auto const write_access = guarded ? WriteAccess::by_file_rules : WriteAccess::none;
    if (!options->check) return run_program(*options, program, write_access);

    int const error = install_seccomp_filter(write_access, nullptr);
    if (error != 0) return fail(SandboxExit::refused, "cannot install the seccomp filter", error);
    std::string_view const answer = landlocked ? "landlock\n" : "seccomp\n";
    return ::write(STDOUT_FILENO, answer.data(), answer.size()) > 0 ? 0 : 1;
}

}  // namespace clinikk::media
