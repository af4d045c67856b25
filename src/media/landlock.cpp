#include "media/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/file.hpp"

namespace clinikk::media {
namespace {

// The C library has no wrappers, and the header of Debian 12 ends at version 2, so the rest is defined here.
struct RulesetAttributes {
    std::uint64_t handled_access_fs = 0;
    std::uint64_t handled_access_net = 0;
    std::uint64_t scoped = 0;
};

constexpr std::uint64_t read_rights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t file_rights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t version_1_rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

RulesetAttributes attributes_for(int version) noexcept {
    constexpr std::uint64_t refer = 1u << 13, truncate = 1u << 14, ioctl_dev = 1u << 15;
    constexpr std::uint64_t bind_tcp = 1u << 0, connect_tcp = 1u << 1;
    constexpr std::uint64_t abstract_unix_socket = 1u << 0, signal = 1u << 1;
    RulesetAttributes attributes;
    attributes.handled_access_fs = version_1_rights;
    if (version >= 2) attributes.handled_access_fs |= refer;
    if (version >= 3) attributes.handled_access_fs |= truncate;
    if (version >= 4) attributes.handled_access_net = bind_tcp | connect_tcp;
    if (version >= 5) attributes.handled_access_fs |= ioctl_dev;
    if (version >= 6) attributes.scoped = abstract_unix_socket | signal;
    return attributes;
}

// Kernels accept the attributes that they know; the size tells which.
std::size_t attributes_size(int version) noexcept {
    if (version >= 6) return sizeof(RulesetAttributes);
    return version >= 4 ? offsetof(RulesetAttributes, scoped) : offsetof(RulesetAttributes, handled_access_net);
}

bool allow(int ruleset, int fd, std::uint64_t rights) noexcept {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return false;
    landlock_path_beneath_attr rule{};
    rule.parent_fd = fd;
    rule.allowed_access = S_ISDIR(status.st_mode) ? rights : rights & file_rights;
    return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

bool allow(int ruleset, std::string const& path, std::uint64_t rights) noexcept {
    FileDescriptor const file(::open(path.c_str(), O_PATH | O_CLOEXEC));
    return !file || allow(ruleset, file.get(), rights);
}

}  // namespace

int landlock_version() noexcept {
    auto const version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? static_cast<int>(version) : 0;
}

bool restrict_with_landlock(LandlockRules const& rules) noexcept {
    int const version = landlock_version();
    if (version == 0) return false;
    auto const attributes = attributes_for(version);
    FileDescriptor const ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(version), 0)));
    if (!ruleset) return false;
    for (auto const& path : rules.readable) {
        if (!allow(ruleset.get(), path, read_rights)) return false;
    }
    for (auto const& path : rules.devices) {
        if (!allow(ruleset.get(), path, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)) return false;
    }
    if (rules.readable_fd >= 0 && !allow(ruleset.get(), rules.readable_fd, LANDLOCK_ACCESS_FS_READ_FILE)) {
        return false;
    }
    return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace clinikk::media
