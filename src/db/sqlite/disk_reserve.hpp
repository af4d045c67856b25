#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "base/file.hpp"

namespace clinikk::db {

/// Space on the disk of the database that a file holds until it is needed: on a full disk SQLite could not even record
/// that something was deleted, nor open its files again. Several processes may share the file; what one releases is
/// released for all. If the file cannot be made, nothing is held. For one thread at a time.
class DiskReserve {
public:
    /// Holds `size` bytes in a file beside the database, which is named after it; with 0 there is no file.
    DiskReserve(std::filesystem::path const& database, std::uint64_t size);

    /// Returns whether a transaction or two would fill the disk.
    bool is_disk_full() const noexcept;

    /// When the disk is full, releases as much as some transactions need.
    void make_room() noexcept;

    /// Takes the space back when there is plenty of room. It checks every ten seconds at most.
    void refill() noexcept;

private:
    std::uint64_t held() const noexcept;

    std::filesystem::path directory_;
    std::uint64_t size_;
    FileDescriptor file_;
    std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace clinikk::db
