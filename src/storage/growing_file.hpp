#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/sha256.hpp"

namespace clinikk {

/// A buffer between a source and a file. Its memory is allocated for the first byte.
class WriteBuffer {
public:
    static constexpr std::size_t capacity = 256UL * 1024;

    /// Takes as much as there is room for. Returns how much.
    std::size_t fill(std::string_view bytes);

    bool is_full() const noexcept { return used_ == capacity; }
    std::string_view bytes() const noexcept { return {space_.get(), used_}; }
    void clear() noexcept { used_ = 0; }

private:
    std::unique_ptr<char[]> space_;
    std::size_t used_ = 0;
};

/// The end of a file to which bytes are appended: it writes and hashes them while they are in the cache of the
/// processor, and has the disk start early, so that a sync has little left to do. One thread at a time uses it.
class GrowingFile {
public:
    /// `file` stays open while this lives, and has `size` bytes. `reserve` bytes of the disk stay free. `window`: after
    /// how many bytes the disk is told to start. `hash`, if any, is fed with what is written.
    GrowingFile(int file, std::uint64_t size, std::uint64_t reserve, std::uint64_t window,
                std::shared_ptr<Sha256> hash);

    /// Appends bytes, or drops them when the disk is full or an earlier write failed, so that the file has no gap.
    /// Throws `Unavailable` when the write fails.
    void append(std::string_view bytes);

    std::uint64_t size() const noexcept { return size_; }
    bool is_disk_full() const noexcept { return is_disk_full_; }

private:
    bool has_room_for(std::size_t more);
    void start_writeback();

    int file_;
    std::uint64_t size_;
    std::uint64_t reserve_;
    std::uint64_t window_;
    std::shared_ptr<Sha256> hash_;
    std::uint64_t next_check_ = 0;
    std::uint64_t synced_;
    bool is_disk_full_ = false;
    bool is_broken_ = false;
};

}  // namespace clinikk
