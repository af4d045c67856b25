#include "media/seccomp_filter.hpp"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace clinikk::media {
namespace {

// By name: names that this architecture or this libseccomp does not know are skipped.
constexpr std::array denied{
    // the network, and sockets as a way to other processes
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg",
    "recvfrom", "recvmsg", "recvmmsg", "setsockopt", "socketcall",
    // other processes; setsid and setpgid would leave the group that is killed at the end
    "fork", "vfork", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "process_mrelease", "kcmp", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "setsid", "setpgid", "setpriority", "ioprio_set", "sched_setscheduler", "sched_setparam",
    "sched_setattr", "migrate_pages", "move_pages", "shmget", "shmat", "shmctl", "semget", "semop", "semtimedop",
    "semctl", "msgget", "msgsnd", "msgrcv", "msgctl", "ipc", "mq_open", "mq_unlink",
    // other views of the file system
    "mount", "umount", "umount2", "mount_setattr", "move_mount", "open_tree", "open_tree_attr", "fsopen", "fsconfig",
    "fsmount", "fspick", "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at",
    "fanotify_init", "quotactl", "quotactl_fd", "listmount", "statmount", "swapon", "swapoff",
    // names and attributes of files, which Landlock does not guard or not in all versions
    "creat", "truncate", "truncate64", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2",
    "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr",
    "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat", "flock", "memfd_create",
    "memfd_secret",
    // identity
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
    // the kernel
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl",
    "add_key", "request_key", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "create_module", "query_module", "get_kernel_syms", "reboot", "acct", "syslog", "lookup_dcookie", "nfsservctl",
    "_sysctl", "sysfs", "uselib", "vhangup", "personality", "modify_ldt", "iopl", "ioperm", "vm86", "vm86old",
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "adjtimex", "stime", "sethostname",
    "setdomainname", "io_setup", "io_submit", "io_getevents", "io_cancel", "io_destroy"};

// These take a structure that a filter cannot read; the C library falls back to their predecessors.
constexpr std::array absent{"clone3", "openat2"};

constexpr std::uint32_t eperm = SCMP_ACT_ERRNO(EPERM);

using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, void (*)(scmp_filter_ctx)>;

// Collects the first error of many calls.
class Rules {
public:
    explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

    void deny(char const* name, std::uint32_t action = eperm) {
        int const number = ::seccomp_syscall_resolve_name(name);
        if (number != __NR_SCMP_ERROR) keep(::seccomp_rule_add(filter_, action, number, 0));
    }
    void deny(char const* name, scmp_arg_cmp when) {
        int const number = ::seccomp_syscall_resolve_name(name);
        if (number != __NR_SCMP_ERROR) keep(::seccomp_rule_add(filter_, eperm, number, 1, when));
    }
    void deny_flag(char const* name, unsigned argument, std::uint64_t flag) {
        deny(name, scmp_arg_cmp{argument, SCMP_CMP_MASKED_EQ, flag, flag});
    }
    int error() const { return error_; }

private:
    void keep(int result) {
        // EDOM: the call does not exist on this architecture in a form that could be filtered.
        if (result < 0 && result != -EDOM && error_ == 0) error_ = -result;
    }

    scmp_filter_ctx filter_;
    int error_ = 0;
};

void deny_by_argument(Rules& rules) {
    // Allows threads, and no processes.
    rules.deny("clone", scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0});
    // New namespaces come by clone, too.
    for (std::uint64_t const flag :
         {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP}) {
        rules.deny_flag("clone", 0, flag);
    }
    // The process keeps its number across execve: it may signal itself (abort), and nobody else.
    auto const self = static_cast<scmp_datum_t>(::getpid());
    rules.deny("kill", scmp_arg_cmp{0, SCMP_CMP_NE, self, 0});
    rules.deny("tgkill", scmp_arg_cmp{0, SCMP_CMP_NE, self, 0});
    rules.deny("prlimit64", scmp_arg_cmp{0, SCMP_CMP_NE, 0, 0});
    // Input that is put into a terminal seems to be typed by its owner. The kernel looks at the lower half only.
    for (std::uint64_t const request : {TIOCSTI, TIOCLINUX}) {
        rules.deny("ioctl", scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xffff'ffff, request});
    }
}

// Memory that RLIMIT_DATA does not count: anonymous shared memory, and growing stacks.
void deny_uncounted_memory(Rules& rules) {
    for (std::uint64_t const flags : {MAP_SHARED | MAP_ANONYMOUS, MAP_GROWSDOWN}) rules.deny_flag("mmap", 3, flags);
}

void deny_execution(Rules& rules, char const* program) {
    if (program == nullptr) return rules.deny("execve");
    rules.deny("execve", scmp_arg_cmp{0, SCMP_CMP_NE, reinterpret_cast<scmp_datum_t>(program), 0});
}

void deny_writing(Rules& rules) {
    for (std::uint64_t const flag : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC}) {
        rules.deny_flag("open", 1, flag);
        rules.deny_flag("openat", 2, flag);
    }
}

}  // namespace

int install_seccomp_filter(WriteAccess write_access, char const* program) noexcept {
    Filter const filter(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release);
    if (!filter) return ENOMEM;
    Rules rules(filter.get());
    for (auto const* name : denied) rules.deny(name);
    for (auto const* name : absent) rules.deny(name, SCMP_ACT_ERRNO(ENOSYS));
    deny_by_argument(rules);
    deny_uncounted_memory(rules);
    deny_execution(rules, program);
    if (write_access == WriteAccess::none) deny_writing(rules);
    if (rules.error() != 0) return rules.error();
    // A binary tree instead of a list of some two hundred comparisons for each call.
    ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return -::seccomp_load(filter.get());
}

}  // namespace clinikk::media
