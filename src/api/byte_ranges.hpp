#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/byte_source.hpp"
#include "service/playback_service.hpp"

namespace clinikk::api {

/// A multipart/byteranges body (RFC 9110 section 14.6): several ranges of one playback, read piece by piece.
class ByteRangesSource : public ByteSource {
public:
    /// `service` must outlive it. `playback` is resolved, and `ranges` lie within it.
    ByteRangesSource(PlaybackService& service, Playback playback, std::vector<ByteRange> ranges, std::string boundary);

    /// Bytes of the whole body.
    std::uint64_t length() const noexcept { return length_; }

    Task<Result<std::string_view>> next() override;

private:
    PlaybackService& service_;
    Playback playback_;
    std::vector<ByteRange> ranges_;
    std::vector<std::string> heads_;  ///< one for each range, with its boundary
    std::string tail_;
    std::uint64_t length_ = 0;
    std::size_t current_ = 0;
    bool head_sent_ = false;
    bool ended_ = false;
    std::uint64_t done_ = 0;  ///< bytes of the current range
    std::string piece_;
};

}  // namespace clinikk::api
