// What a program in the sandbox can and cannot do. A script takes the part of an ffprobe that an attacker has taken
// over; sandbox_helper.cpp makes this test program its own `sandbox-exec`.
#include "media/sandbox.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

#include "media/confinement.hpp"
#include "media/landlock.hpp"
#include "media/seccomp_filter.hpp"
#include "unit/media/temporary_directory.hpp"

namespace clinikk::media {
namespace {

namespace fs = std::filesystem;

// A listener on loopback that nobody should reach.
class Canary {
public:
    Canary() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        bool const ready = ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                           ::listen(listener_.get(), 8) == 0 &&
                           ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
        if (!ready) throw std::runtime_error("no listener");
        port_ = ntohs(address.sin_port);
    }

    int port() const { return port_; }
    bool was_reached() const {
        return FileDescriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)).get() >= 0;
    }

private:
    FileDescriptor listener_;
    int port_ = 0;
};

// Tries what must not work and says what did.
std::string attack(int port, fs::path const& victim) {
    return "#!/bin/bash\n"
           "export -p\n"
           "read -r line </etc/passwd && echo LEAK passwd $line\n"
           "read -r line <'" +
           victim.string() +
           "' && echo LEAK victim $line\n"
           "read -r -d '' line </proc/" +
           std::to_string(::getpid()) +
           "/environ && echo LEAK environ\n"
           "echo overwritten >'" +
           victim.string() +
           "' && echo LEAK write\n"
           "echo new >'" +
           victim.string() +
           ".new' && echo LEAK create\n"
           "echo new >/tmp/clinikk-sandbox-test-new && echo LEAK create tmp\n"
           "exec 5<>/dev/tcp/127.0.0.1/" +
           std::to_string(port) +
           " && echo LEAK network\n"
           "kill -0 " +
           std::to_string(::getpid()) +
           " && echo LEAK signal\n"
           "ulimit -n 1000 && echo LEAK limits\n"
           "for ((fd = 4; fd < 31; fd++)); do [ -e /proc/self/fd/$fd ] && echo LEAK descriptor $fd; done\n"
           "[ -e /proc/self/fd/3 ] && read -r line </proc/self/fd/3 && echo input: $line\n"
           "[ -r /usr/bin/env ] && echo usr: readable\n"
           "exit 0\n";
}

class Sandbox : public testing::TestWithParam<Confinement> {
protected:
    Sandbox() : launcher_("/proc/self/exe") {
        std::ofstream(victim_) << "private\n";
        std::ofstream(input_) << "the media\n";
        std::ofstream(script_) << attack(canary_.port(), victim_);
        fs::permissions(script_, fs::perms::owner_all);
        std::ofstream(secret_) << "secret\n";
    }

    // Why the case cannot run here, or empty.
    std::string missing() const {
        if (GetParam() == Confinement::bubblewrap && launcher_.detect() != Confinement::bubblewrap) {
            return "bubblewrap does not run here";
        }
        if (GetParam() == Confinement::landlock && landlock_version() == 0) {
            return "this kernel has no Landlock: only the system call filter is tested";
        }
        return {};
    }

    ChildResult run(std::string const& program, std::vector<std::string> const& arguments = {}) {
        FileDescriptor const input(::open(input_.c_str(), O_RDONLY | O_CLOEXEC));
        FileDescriptor const forgotten(::open(secret_.c_str(), O_RDONLY));  // not O_CLOEXEC, as by a careless library
        return run_child(launcher_.command(GetParam(), program, arguments, input.get()));
    }

    TemporaryDirectory directory_;
    fs::path victim_ = directory_.path() / "victim";
    fs::path input_ = directory_.path() / "input";
    fs::path script_ = directory_.path() / "ffprobe";
    fs::path secret_ = directory_.path() / "secret";
    Canary canary_;
    SandboxLauncher launcher_;
};

TEST_P(Sandbox, AProgramTakenOverReachesNothing) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    bool const files_guarded = GetParam() != Confinement::seccomp || landlock_version() > 0;
    if (!files_guarded) std::cout << "Neither Landlock nor bubblewrap here: reading files is not tested.\n";

    auto const result = run(script_);
    EXPECT_EQ(result.end, ChildEnd::exited);
    EXPECT_EQ(result.code, 0) << result.errors;
    if (files_guarded) {
        EXPECT_EQ(result.output.find("LEAK"), std::string::npos) << result.output;
    }
    EXPECT_EQ(result.output.find("LEAK network"), std::string::npos) << result.output;
    EXPECT_FALSE(canary_.was_reached());
    EXPECT_FALSE(fs::exists(victim_.string() + ".new"));
    EXPECT_NE(result.output.find("input: the media"), std::string::npos) << result.output << result.errors;
    EXPECT_NE(result.output.find("usr: readable"), std::string::npos) << result.output;
    std::string content;
    std::getline(std::ifstream(victim_), content);
    EXPECT_EQ(content, "private");
}

TEST_P(Sandbox, TheEnvironmentIsPathAndLocale) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    ::setenv("CLINIKK_TEST_SECRET", "in the environment", 1);
    auto const result = run("/usr/bin/env");
    ::unsetenv("CLINIKK_TEST_SECRET");
    EXPECT_EQ(result.output, "PATH=/usr/local/bin:/usr/bin:/bin\nLC_ALL=C\n");
}

TEST_P(Sandbox, TellsWhyAProgramDidNotStart) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    auto const absent = run("/usr/bin/no-such-program");
    EXPECT_EQ(absent.code, static_cast<int>(SandboxExit::not_found));
    EXPECT_NE(absent.errors.find("no-such-program"), std::string::npos);
    EXPECT_EQ(run("/usr/share").code, static_cast<int>(SandboxExit::not_executable));
}

TEST_P(Sandbox, LimitsTimeMemoryAndFiles) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    auto const result =
        run("/bin/bash", {"-c", "ulimit -c; ulimit -f; ulimit -n; ulimit -t; ulimit -s; ulimit -d; ulimit -v"});
    EXPECT_EQ(result.output, "0\n1024\n32\n15\n8192\n163840\n524288\n") << result.errors;
}

TEST_P(Sandbox, AProgramThatFillsMemoryEndsAtItsLimit) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    auto const result = run("/usr/bin/perl", {"-e", "push @held, 'x' x (1 << 20) for 1 .. 400; print 'held'"});
    EXPECT_EQ(result.end, ChildEnd::exited);
    EXPECT_EQ(result.code, static_cast<int>(SandboxExit::out_of_memory)) << result.errors;
    EXPECT_EQ(result.output, "");
    auto const modest = run("/usr/bin/perl", {"-e", "push @held, 'x' x (1 << 20) for 1 .. 64; exit 7"});
    EXPECT_EQ(modest.code, 7) << modest.errors;
}

// The child of a launcher has the memory of the launcher until it becomes the program.
TEST_P(Sandbox, TheMemoryOfTheLauncherIsNotThatOfTheProgram) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    ::setenv("CLINIKK_TEST_BALLAST", "120", 1);
    auto const modest = run("/usr/bin/perl", {"-e", "push @held, 'x' x (1 << 20) for 1 .. 64; exit 7"});
    auto const greedy = run("/usr/bin/perl", {"-e", "push @held, 'x' x (1 << 20) for 1 .. 400"});
    ::unsetenv("CLINIKK_TEST_BALLAST");
    EXPECT_EQ(modest.code, 7) << modest.errors;
    EXPECT_EQ(greedy.code, static_cast<int>(SandboxExit::out_of_memory)) << greedy.errors;
}

// Perl's `syscall`: prints what the call returned and why it failed.
std::string call(long number, std::string const& arguments) {
    return "my $r = syscall(" + std::to_string(number) + ", " + arguments +
           "); exit 0 if $r == 0; print $r == -1 ? $!+0 : 'done'";
}

TEST_P(Sandbox, StartsNoProcess) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    auto const refused = std::to_string(EPERM);
    EXPECT_EQ(run("/usr/bin/perl", {"-e", "print defined fork ? 'forked' : $!+0"}).output, refused);
    EXPECT_EQ(run("/usr/bin/perl", {"-e", call(SYS_clone, "17, 0, 0, 0, 0")}).output, refused);
    EXPECT_EQ(run("/usr/bin/perl", {"-e", call(SYS_clone3, "0, 0")}).output, std::to_string(ENOSYS));
#ifdef SYS_fork
    EXPECT_EQ(run("/usr/bin/perl", {"-e", call(SYS_fork, "0")}).output, refused);
    EXPECT_EQ(run("/usr/bin/perl", {"-e", call(SYS_vfork, "0")}).output, refused);
#endif
    EXPECT_EQ(run("/usr/bin/perl", {"-e", "exec '/bin/true'; print $!+0"}).output, refused);
    EXPECT_EQ(run("/usr/bin/perl", {"-e", call(SYS_execveat, "-100, my $path = '/bin/true', 0, 0, 0")}).output,
              refused);
}

TEST_P(Sandbox, TellsHowTheProgramEnded) {
    if (auto const reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
    EXPECT_EQ(run("/bin/bash", {"-c", "exit 3"}).code, 3);
    EXPECT_EQ(run("/bin/bash", {"-c", "kill -SEGV $$"}).code, 128 + SIGSEGV);
}

INSTANTIATE_TEST_SUITE_P(Layers, Sandbox,
                         testing::Values(Confinement::seccomp, Confinement::landlock, Confinement::bubblewrap),
                         [](auto const& layer) { return std::string(to_string(layer.param)); });

TEST(SandboxControl, TheSameScriptReachesEverythingOutside) {
    TemporaryDirectory const directory;
    Canary const canary;
    auto const victim = directory.path() / "victim";
    std::ofstream(victim) << "private\n";
    auto const result = run_child({"/bin/bash", {"bash", "-c", attack(canary.port(), victim)}});
    for (auto const* leak : {"passwd", "victim", "environ", "write", "create", "network", "signal"}) {
        EXPECT_NE(result.output.find("LEAK " + std::string(leak)), std::string::npos) << leak << result.errors;
    }
    EXPECT_TRUE(canary.was_reached());
    fs::remove("/tmp/clinikk-sandbox-test-new");
}

// The exit status of a process that runs `body` behind the filter.
template <class Body>
int filtered(WriteAccess access, Body body) {
    auto const parent = ::getpid();
    auto const child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (install_seccomp_filter(access, nullptr) != 0) ::_exit(99);
        ::_exit(body(parent));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST(SeccompFilter, RefusesWhatFfprobeNeverNeeds) {
    EXPECT_EQ(filtered(WriteAccess::by_file_rules,
                       [](pid_t parent) {
                           int wrong = 0;
                           auto refused = [&](long result) { wrong += result == -1 && errno == EPERM ? 0 : 1; };
                           for (int const family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
                               refused(::socket(family, SOCK_STREAM, 0));
                           refused(::syscall(SYS_ptrace, 0, 0, 0, 0));
                           refused(::syscall(SYS_io_uring_setup, 1, nullptr));
                           refused(::syscall(SYS_bpf, 0, nullptr, 0));
                           refused(::syscall(SYS_unshare, 0));
                           refused(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
                           refused(::syscall(SYS_process_vm_readv, parent, nullptr, 0, nullptr, 0, 0));
                           refused(::syscall(SYS_pidfd_open, parent, 0));
                           refused(::kill(parent, 0));
                           refused(::kill(-1, 0));
                           refused(::setsid());
                           refused(::fork());
                           refused(::execl("/bin/true", "true", nullptr));
                           auto const take = [](int flags) {
                               return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED ? -1
                                                                                                                : 0;
                           };
                           refused(take(MAP_SHARED | MAP_ANONYMOUS));
                           refused(take(MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN));
                           refused(::chmod("/tmp", 0777));
                           refused(::unlink("/nonexistent"));
                           rlimit limits{1, 1};
                           refused(::prlimit(parent, RLIMIT_NOFILE, &limits, nullptr));
                           return wrong;
                       }),
              0);
}

TEST(SeccompFilter, LeavesTheRest) {
    EXPECT_EQ(filtered(WriteAccess::by_file_rules,
                       [](pid_t) {
                           int wrong = 0;
                           wrong += ::kill(::getpid(), 0) == 0 ? 0 : 1;
                           FileDescriptor const null(::open("/dev/null", O_RDWR));
                           wrong += null ? 0 : 1;
                           bool ran = false;
                           std::thread([&ran] { ran = true; }).join();
                           return wrong + (ran ? 0 : 1);
                       }),
              0);
}

TEST(SeccompFilter, AloneItForbidsToOpenFilesForWriting) {
    EXPECT_EQ(filtered(WriteAccess::none,
                       [](pid_t) {
                           int wrong = 0;
                           for (int const flags : {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_CREAT}) {
                               wrong += ::open("/dev/null", flags, 0600) == -1 && errno == EPERM ? 0 : 1;
                           }
                           wrong += FileDescriptor(::open("/dev/null", O_RDONLY)) ? 0 : 1;
                           return wrong;
                       }),
              0);
}

TEST(SandboxExec, RefusesACommandLineItDoesNotUnderstand) {
    for (auto arguments :
         std::vector<std::vector<std::string>>{{}, {"--"}, {"/bin/true"}, {"--what", "--", "/bin/true"}}) {
        arguments.insert(arguments.begin(), {"self", "sandbox-exec"});
        auto const result = run_child({"/proc/self/exe", arguments});
        EXPECT_EQ(result.code, static_cast<int>(SandboxExit::refused));
        EXPECT_NE(result.errors.find("usage"), std::string::npos);
    }
}

TEST(SandboxExec, RequireNeedsLandlockOrBubblewrap) {
    auto const result = run_child({"/proc/self/exe", {"self", "sandbox-exec", "--require", "--", "/bin/true"}});
    EXPECT_EQ(result.code, landlock_version() > 0 ? 0 : static_cast<int>(SandboxExit::refused)) << result.errors;
}

TEST(SandboxExec, DoesNotOutliveAParentThatIsGone) {
    auto const result = run_child({"/proc/self/exe", {"self", "sandbox-exec", "--parent", "1", "--", "/bin/true"}});
    EXPECT_EQ(result.code, static_cast<int>(SandboxExit::refused));
}

}  // namespace
}  // namespace clinikk::media
