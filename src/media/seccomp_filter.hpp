#pragma once

namespace clinikk::media {

/// Which file accesses the filter leaves to others.
enum class WriteAccess {
    by_file_rules,  ///< another mechanism decides which files may be written
    none,           ///< there is no other mechanism: no file may be opened for writing
};

/// Installs a seccomp filter on this process for good. System calls that could reach the network, other processes, the
/// configuration of the kernel, or the names and attributes of files fail with EPERM. So do those that start a process
/// (threads are allowed) and those that take memory which RLIMIT_DATA does not count. Needs NO_NEW_PRIVS.
///
/// `program` is the path to execute, or null for none: `execve` works with this pointer only. A filter cannot read the
/// path, but the program cannot know the address: its memory is new, and addresses are random.
///
/// Returns 0, or the number of the error.
int install_seccomp_filter(WriteAccess write_access, char const* program) noexcept;

}  // namespace clinikk::media
