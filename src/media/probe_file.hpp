#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "media/sample_tables.hpp"

namespace clinikk::media {

/// A stand-in for a file that flows past: it has the true size, and the parts that tell of its structure stand at
/// their true offsets; the rest are holes that take no space. It has no name, so nothing is left behind.
/// What cannot be written (disk full) is thrown as std::system_error. Not thread-safe.
class ProbeFile : public RandomBytes {
public:
    /// In `directory`, which exists. Keeps the first `head` and the last `tail` bytes.
    ProbeFile(std::filesystem::path const& directory, std::uint64_t head, std::size_t tail);

    /// The next bytes of the file, in order.
    void feed(std::string_view bytes);

    /// Also keeps what is yet to come of this part.
    void keep(Extent part);

    /// Puts bytes at their place.
    void write_at(std::uint64_t offset, std::string_view bytes);

    /// Writes the tail and sets the size. Call once, when all has been fed.
    void finish();

    /// How many bytes were fed.
    std::uint64_t size() const noexcept { return position_; }

    void read_at(std::uint64_t offset, std::span<char> out) const override;

    /// The file once more, readable only: what a child may be given.
    FileDescriptor open_for_reading() const;

private:
    void remember_tail(std::string_view bytes);

    FileDescriptor file_;
    std::vector<Extent> parts_;
    std::uint64_t position_ = 0;
    std::size_t tail_size_;
    std::unique_ptr<char[]> tail_;  ///< a ring: the byte at offset o is at o modulo its size; made when needed
    std::uint64_t tail_begin_ = 0;  ///< the first offset that the ring holds
};

}  // namespace clinikk::media
