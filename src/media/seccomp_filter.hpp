#pragma once

namespace clinikk::media {

/// What the filter leaves out for itself.
enum class WriteAccess {
    by_file_rules,  ///< something else decides which files may be written
    none,           ///< nothing else does: no file may be opened for writing
};

/// Installs a seccomp filter on this process for good: system calls by which it could reach the network, other
/// processes, the kernel's configuration, or files' names and attributes fail with EPERM. So do those that start a
/// process (threads are left) and those that take memory which RLIMIT_DATA does not count. Needs NO_NEW_PRIVS.
///
/// `program` is the path to execute, null for none: `execve` works with this pointer only. A filter cannot read the
/// path, but the program cannot know where it stood: its memory is new, and addresses are random.
///
/// Returns 0, or the error's number.
int install_seccomp_filter(WriteAccess write_access, char const* program) noexcept;

}  // namespace clinikk::media
