#pragma once

#include <string>
#include <vector>

namespace clinikk::media {

/// The version of Landlock that the kernel offers (linux/landlock.h); 0 when it has none or it is disabled.
int landlock_version() noexcept;

/// What a confined process may still reach in the file system.
struct LandlockRules {
    std::vector<std::string> readable;  ///< files, and directories with all below; may be executed too
    std::vector<std::string> devices;   ///< files that may be read and written
    int readable_fd = -1;               ///< an open file that may be opened again through /proc
};

/// Confines this thread and all its descendants for good. What does not exist is left out. TCP and, where the
/// kernel knows of it, signals to and abstract sockets of others are cut off as well. No privilege is needed, but
/// NO_NEW_PRIVS must be set. False, with errno, when it did not work.
bool restrict_with_landlock(LandlockRules const& rules) noexcept;

}  // namespace clinikk::media
