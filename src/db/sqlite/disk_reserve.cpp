#include "db/sqlite/disk_reserve.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace clinikk::db {
namespace {

constexpr std::uint64_t kibibyte = 1024;
/// A delete writes a dozen pages of 4 KiB; opening makes the index of the WAL, 32 KiB.
constexpr std::uint64_t least_room = 256 * kibibyte;
constexpr std::chrono::seconds look_every{10};

std::filesystem::path reserve_of(std::filesystem::path database) { return database += "-reserve"; }

/// The number of bytes that may still be written; a huge number when it is not known.
std::uint64_t available_bytes(std::filesystem::path const& directory) noexcept {
    struct statvfs status{};
    if (::statvfs(directory.c_str(), &status) != 0) return ~std::uint64_t{0};
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace

DiskReserve::DiskReserve(std::filesystem::path const& database, std::uint64_t size)
    : directory_(std::filesystem::absolute(database).parent_path()), size_(size) {
    if (size == 0) return;
    int const flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    file_ = FileDescriptor(::open(reserve_of(database).c_str(), flags, S_IRUSR | S_IWUSR));
}

bool DiskReserve::is_disk_full() const noexcept { return available_bytes(directory_) < least_room; }

void DiskReserve::make_room() noexcept {
    while (is_disk_full()) {
        auto const left = held();
        if (left == 0) return;
        if (::ftruncate(file_.get(), static_cast<off_t>(left - std::min(left, least_room))) != 0) return;
    }
}

void DiskReserve::refill() noexcept {
    auto const now = std::chrono::steady_clock::now();
    if (!file_ || now < next_look_) return;
    next_look_ = now + look_every;
    auto const missing = size_ - std::min(size_, held());
    if (missing == 0 || available_bytes(directory_) < 2 * missing + least_room) return;
    [[maybe_unused]] int const ignored = ::posix_fallocate(file_.get(), 0, static_cast<off_t>(size_));
}

std::uint64_t DiskReserve::held() const noexcept {
    struct stat status{};
    if (!file_ || ::fstat(file_.get(), &status) != 0) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace clinikk::db
