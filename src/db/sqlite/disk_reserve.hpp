#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "base/file.hpp"

namespace clinikk::db {

/// Room on the database's disk that a file holds until it is needed: on a full disk SQLite could not even note that
/// something was deleted, and could not open its files again. Several processes may share the file; what one gives up
/// all have given up. Where it cannot be made nothing is held. For one thread at a time.
class DiskReserve {
public:
    /// Of `size` bytes, beside the database, which gives it its name; with 0 there is none.
    DiskReserve(std::filesystem::path const& database, std::uint64_t size);

    /// Whether a transaction or two would fill the disk.
    bool is_disk_full() const noexcept;

    /// When the disk is full gives up as much as some transactions need.
    void make_room() noexcept;

    /// Takes back what was given up, once there is plenty of room. Looks every ten seconds at most.
    void refill() noexcept;

private:
    std::uint64_t held() const noexcept;

    std::filesystem::path directory_;
    std::uint64_t size_;
    FileDescriptor file_;
    std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace clinikk::db
