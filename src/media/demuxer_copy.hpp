#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "media/format_walker.hpp"

namespace clinikk::media {

/// What ffprobe gets of a format that knows no offsets: the packets that tell of the streams, one after the other from
/// the start of the file on, without what stands between them.
class DemuxerCopy {
public:
    /// More than ffprobe reads.
    static constexpr std::uint64_t wanted = 6 << 20;

    bool is_full() const noexcept { return written_ + gathered_.size() >= wanted; }

    /// Unless it is full.
    void append(std::string_view packet, KeptParts& kept);

    /// Writes what is gathered. At the end of each piece.
    void flush(KeptParts& kept);

private:
    std::string gathered_;
    std::uint64_t written_ = 0;
};

}  // namespace clinikk::media
