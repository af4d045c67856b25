#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "media/format_walker.hpp"
#include "media/sample_tables.hpp"

namespace clinikk::media {

/// A stand-in for a file whose bytes flow past, between its start and its end as the walker reports them. It has the
/// true size, and the parts that describe its structure are at their true offsets; the rest are holes that take no
/// space. It has no name, so nothing is left behind. Failures to write are thrown: std::system_error on a full disk,
/// else `Unavailable`. Not thread-safe.
class ProbeFile final : public RandomBytes, public KeptParts {
public:
    /// Makes the file in `directory`, which must exist. It keeps the last `tail` bytes.
    ProbeFile(std::filesystem::path const& directory, std::size_t tail);

    /// Takes the next bytes of the file, in order.
    void feed(std::string_view bytes);

    void start_at(std::uint64_t offset, std::string_view header) override;
    void keep(Extent part) override;
    void write_at(std::uint64_t offset, std::string_view bytes) override;

    /// Writes the tail and sets the size. Call it once, when all bytes have been fed.
    void finish();

    /// Truncates a finished file here, so that ffprobe sees nothing after it. A position past the end changes nothing.
    void end_at(std::uint64_t offset);

    /// The number of bytes so far.
    std::uint64_t size() const noexcept { return position_; }

    void read_at(std::uint64_t offset, std::span<char> out) const override;

    /// The file once more, read-only, so that a child may get it.
    FileDescriptor open_for_reading() const;

private:
    void remember_tail(std::string_view bytes);

    FileDescriptor file_;
    std::vector<Extent> parts_;
    std::uint64_t position_ = 0;
    std::string header_;       ///< the beginning of this file, whatever the tail has there
    std::uint64_t start_ = 0;  ///< the offset that is the first of this file
    std::size_t tail_size_;
    std::unique_ptr<char[]> tail_;  ///< a ring: the byte at offset o is at o modulo its size; made when needed
    std::uint64_t tail_begin_ = 0;  ///< the first offset that the ring holds
};

}  // namespace clinikk::media
