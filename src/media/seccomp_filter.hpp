#pragma once

namespace clinikk::media {

/// What the filter leaves out for itself.
enum class WriteAccess {
    by_file_rules,  ///< something else decides which files may be written
    none,           ///< nothing else does: no file may be opened for writing
};

/// Installs a seccomp filter on this process for good: system calls by which it could reach the network, other
/// processes, the kernel's configuration, or files' names and attributes fail with EPERM. Needs NO_NEW_PRIVS.
/// Returns 0, or the error's number.
int install_seccomp_filter(WriteAccess write_access) noexcept;

}  // namespace clinikk::media
