#pragma once

#include <string>
#include <vector>

namespace clinikk::media {

/// Returns the Landlock ABI version of the kernel (linux/landlock.h), or 0 when Landlock is missing or disabled.
int landlock_version() noexcept;

/// The parts of the file system that a confined process may access.
struct LandlockRules {
    std::vector<std::string> readable;  ///< files and directory trees; may also be executed
    std::vector<std::string> devices;   ///< files that may be read and written
    int readable_fd = -1;               ///< an open file that may be opened again through /proc
};

/// Irrevocably confines this thread and its descendants. Ignores paths that do not exist. Also forbids TCP and, where
/// the kernel supports it, signals to and abstract sockets of other processes. Needs no privilege, but NO_NEW_PRIVS
/// must be set. Returns false and sets errno on failure.
bool restrict_with_landlock(LandlockRules const& rules) noexcept;

}  // namespace clinikk::media
