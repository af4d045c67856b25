#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// Builds ffprobe's input for a format without file offsets: the packets that describe the streams, contiguous from the
/// start of the file, without the bytes between them.
class DemuxerCopy {
public:
    /// The maximum size of the copy in bytes; more than ffprobe reads.
    static constexpr std::uint64_t wanted = 6 << 20;

    bool is_full() const noexcept { return written_ + gathered_.size() >= wanted; }

    /// Appends a packet; does nothing when the copy is full.
    void append(std::string_view packet, KeptParts& kept);

    /// Writes the gathered packets. Call it at the end of each piece.
    void flush(KeptParts& kept);

private:
    std::string gathered_;
    std::uint64_t written_ = 0;
};

}  // namespace clinikk::media
