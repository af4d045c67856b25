#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "media/packaging/packaging_index.hpp"

namespace clinikk::media::packaging {

/// The bytes of one media segment, without a copy of the media: `head` first, then the runs of the source in this
/// order.
struct SegmentLayout {
    std::string head{};        ///< `styp`, `moof`, the header of the `mdat`, and silent frames
    std::vector<Run> runs{};   ///< of the source; may be empty
    std::uint64_t length = 0;  ///< bytes of the whole segment
};

/// A CMAF media segment (ISO/IEC 23000-19 section 7.3.3): `track` and `segment` count from 0 in the index, so the
/// segment with the number n in its address is n - 1. Its `moof` has what the samples do not have in common with the
/// defaults of the init segment. Errors: `not_found` when there is no such segment, `internal` when the index is
/// damaged there.
Result<SegmentLayout> media_segment(PackagingIndex const& index, std::size_t track, std::size_t segment);

/// A segment with one key frame alone, which stands until the next key frame: what I-frame playlists list. `key_frame`
/// counts from 0 over the whole track. Errors: as `media_segment`.
Result<SegmentLayout> key_frame_segment(PackagingIndex const& index, std::size_t track, std::size_t key_frame);

/// The segment of these samples, for who has them already. `number` counts from 0. Errors: `internal` when segment and
/// samples contradict each other.
Result<SegmentLayout> lay_out_segment(Track const& track, Segment const& segment, std::size_t number,
                                      SegmentSamples samples);

/// One key frame of a track.
struct KeyFrame {
    std::uint32_t sample = 0;       ///< its place in its segment
    std::uint64_t decode_time = 0;  ///< in units of the timescale, like all times here
    std::int64_t start = 0;         ///< presentation time after the edit
    std::uint64_t duration = 0;     ///< to the next key frame, or to the end of the track
    std::uint32_t size = 0;         ///< bytes
    std::uint32_t composition_offset = 0;
};

/// The key frames of a segment in decoding order. `segment` is one of `track`.
std::vector<KeyFrame> find_key_frames(Track const& track, Segment const& segment, SegmentSamples const& samples);

/// Bytes of the segment that `key_frame_segment` makes of a key frame.
std::uint64_t key_frame_segment_size(Track const& track, KeyFrame const& key_frame) noexcept;

}  // namespace clinikk::media::packaging
