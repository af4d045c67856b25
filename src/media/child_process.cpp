#include "media/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/file.hpp"

namespace clinikk::media {
namespace {

using Clock = std::chrono::steady_clock;

// The sources of the descriptors of a child are above their targets, so that none is overwritten before its turn.
constexpr int lowest_source = 16;

void check(int error, char const* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

FileDescriptor raise(FileDescriptor file) {
    if (!file || file.get() >= lowest_source) return file;
    FileDescriptor raised(::fcntl(file.get(), F_DUPFD_CLOEXEC, lowest_source));
    if (!raised) check(errno, "fcntl");
    return raised;
}

struct Pipe {
    FileDescriptor read_end;
    FileDescriptor write_end;

    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) check(errno, "pipe2");
        read_end = FileDescriptor(ends[0]);
        write_end = raise(FileDescriptor(ends[1]));
        ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    }
};

class SpawnActions {
public:
    SpawnActions() { check(::posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init"); }
    SpawnActions(SpawnActions const&) = delete;
    SpawnActions& operator=(SpawnActions const&) = delete;
    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }

    void move(int source, int target) {
        check(::posix_spawn_file_actions_adddup2(&actions_, source, target), "posix_spawn_file_actions_adddup2");
    }
    posix_spawn_file_actions_t const* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
public:
    SpawnAttributes() {
        check(::posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        ::sigfillset(&signals);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_,
                                   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnAttributes(SpawnAttributes const&) = delete;
    SpawnAttributes& operator=(SpawnAttributes const&) = delete;
    ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }

    posix_spawnattr_t const* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

// A started child. When this object is destroyed, the child and its process group are gone.
class Child {
public:
    Child(ChildCommand const& command, int output, int errors) {
        FileDescriptor const null = raise(FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
        if (!null) check(errno, "/dev/null");
        SpawnActions actions;
        actions.move(null.get(), 0);
        actions.move(output, 1);
        actions.move(errors, 2);
        std::vector<FileDescriptor> raised;
        for (auto const& [target, source] : command.descriptors) {
            raised.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, lowest_source));
            if (!raised.back()) check(errno, "fcntl");
            actions.move(raised.back().get(), target);
        }
        std::vector<char*> arguments;
        arguments.reserve(command.arguments.size() + 1);
        for (auto const& argument : command.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
        arguments.push_back(nullptr);
        char* environment[] = {nullptr};
        SpawnAttributes const attributes;
        check(::posix_spawn(&pid_, command.program.c_str(), actions.get(), attributes.get(), arguments.data(),
                            environment),
              command.program.c_str());
        pidfd_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    }
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child() {
        if (!reaped_) reap();
    }

    // Readable when the child has ended; -1 on kernels without (before 5.3).
    int ended_fd() const { return pidfd_.get(); }

    bool has_ended() const {
        siginfo_t info{};
        return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid != 0;
    }

    // Kills what is left and returns the wait status. Until the child is reaped, its number, which is also that of its
    // group, cannot belong to another process.
    siginfo_t reap() {
        ::kill(-pid_, SIGKILL);
        siginfo_t result{};
        siginfo_t info{};
        // If this is the first process of a container, it inherits the children of the child.
        while (::waitid(P_PGID, static_cast<id_t>(pid_), &info, WEXITED) == 0 || errno == EINTR) {
            if (info.si_pid == pid_) result = info;
        }
        reaped_ = true;
        return result;
    }

private:
    pid_t pid_ = -1;
    FileDescriptor pidfd_;
    bool reaped_ = false;
};

// Appends what has arrived. Returns false at the end of the pipe.
bool drain(int fd, std::string& text, std::size_t limit, bool keep_last) {
    std::array<char, 16 * 1024> buffer;
    while (text.size() <= limit) {
        auto const count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN;
        if (count == 0) return false;
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (keep_last && text.size() > limit) text.erase(0, text.size() - limit);
        if (keep_last) return true;  // one piece at a time: an endless stream must not keep the loop here
    }
    return true;
}

ChildEnd wait_for(Child const& child, ChildCommand const& command, int output, int errors, ChildResult& result) {
    auto const deadline = Clock::now() + command.deadline;
    std::array<pollfd, 3> polled{{{output, POLLIN, 0}, {errors, POLLIN, 0}, {child.ended_fd(), POLLIN, 0}}};
    while (true) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return ChildEnd::timed_out;
        // Without a pidfd the end is checked now and then.
        auto const longest = child.ended_fd() < 0 ? 20 : left;
        ::poll(polled.data(), polled.size(), static_cast<int>(std::min<long long>(left, longest)));
        bool const ended = child.has_ended();
        if (polled[0].fd >= 0 && !drain(output, result.output, command.max_output, false)) polled[0].fd = -1;
        if (polled[1].fd >= 0 && !drain(errors, result.errors, command.max_errors, true)) polled[1].fd = -1;
        if (result.output.size() > command.max_output) return ChildEnd::too_talkative;
        if (ended) return ChildEnd::exited;
    }
}

}  // namespace

ChildResult run_child(ChildCommand const& command) {
    ChildResult result;
    Pipe output;
    Pipe errors;
    Child child(command, output.write_end.get(), errors.write_end.get());
    output.write_end = FileDescriptor();
    errors.write_end = FileDescriptor();
    result.end = wait_for(child, command, output.read_end.get(), errors.read_end.get(), result);
    auto const status = child.reap();
    // Standard error is read in pieces; take what the pipe still holds.
    for (int pieces = 0; pieces < 16; ++pieces) {
        if (!drain(errors.read_end.get(), result.errors, command.max_errors, true)) break;
    }
    result.code = status.si_status;
    if (result.end == ChildEnd::exited && status.si_code != CLD_EXITED) result.end = ChildEnd::killed;
    return result;
}

}  // namespace clinikk::media
