#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/sha256.hpp"

/// Packaging of one stored file as HLS, DASH and a file that starts fast. Nothing here does I/O.
namespace clinikk::media::packaging {

class IndexReader;

enum class TrackKind : std::uint8_t { video, audio };

/// Consecutive bytes of the source file.
struct Run {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// One entry of the directory of a track: a segment, and where its samples are. Times are in units of the timescale of
/// the track.
struct Segment {
    std::uint64_t decode_time = 0;  ///< of the first sample (`tfdt`)
    std::int64_t start = 0;         ///< presentation time of the first sample after the edit; 0 begins the film
    std::uint32_t duration = 0;     ///< from this start to the next one
    std::uint32_t samples = 0;
    std::uint64_t first_byte = 0;  ///< of the source, that any of its samples takes
    std::uint64_t span = 0;        ///< bytes from there to the end of its last sample in the file
    std::uint64_t payload = 0;     ///< bytes of its samples; silent frames included
    std::uint64_t silent_bytes =
        0;                         ///< of the payload, at its front: frames that the index holds (see `Track::silence`)
    std::uint32_t key_frames = 0;  ///< sync samples among its samples
};

/// A sample in decoding order.
struct Sample {
    std::uint32_t size = 0;      ///< bytes
    std::uint32_t duration = 0;  ///< decoding time to the next one, in units of the timescale
    std::uint32_t composition_offset =
        0;  ///< never negative (shifted by `Track::media_start` where the source has such)
    bool is_sync = false;
};

/// The samples of one segment: what a `moof` is written from.
struct SegmentSamples {
    std::vector<Sample> samples;  ///< silent frames first, where the segment has them
    std::vector<Run> runs;        ///< of the source, in decoding order, neighbours joined; without the silent frames
};

/// What players are told of a track, and its directory.
struct Track {
    TrackKind kind = TrackKind::video;
    std::uint32_t id = 0;         ///< `track_ID` in init and media segments; that of the source
    std::uint32_t timescale = 0;  ///< units a second
    std::string codec{};          ///< RFC 6381: `avc1.64001f`
    std::string language{};       ///< BCP 47; empty: undetermined
    std::string name{};           ///< from the source's handler or `udta`; may be empty
    std::uint32_t width = 0;      ///< of video: as displayed, after rotation and pixel aspect
    std::uint32_t height = 0;
    std::uint32_t frame_rate_milli = 0;  ///< of video: the largest number of frames in a second, in thousandths
    std::uint32_t channels = 0;          ///< of audio
    std::uint32_t sample_rate = 0;
    std::uint64_t media_start = 0;    ///< `media_time` of the one edit that the init segment has (facts: variant E)
    std::uint64_t duration = 0;       ///< of the presentation, in units of the timescale
    std::uint32_t peak_bit_rate = 0;  ///< bits a second over any run of segments of 0.5 to 1.5 target durations
    std::uint32_t average_bit_rate = 0;
    std::uint32_t default_sample_duration = 0;  ///< of `trex`; 0: none
    std::uint32_t default_sample_size = 0;
    bool is_default = false;  ///< the audio track that players begin with
    std::string init{};       ///< the bytes of the init segment
    std::string silence{};    ///< one silent frame, repeated in front of late audio; empty: none needed
    std::vector<Segment> segments{};
};

/// How the whole source becomes a file with its `moov` in front, without a second copy.
struct FastStart {
    std::uint64_t movie_offset = 0;  ///< of the `moov` box in the source
    std::uint64_t movie_size = 0;    ///< with its header
    /// Every `stco` and `co64` of the `moov`: where its entries are in the source.
    struct OffsetTable {
        std::uint64_t offset = 0;
        std::uint32_t count = 0;
        std::uint8_t entry_bytes = 0;  ///< 4 or 8
    };
    std::vector<OffsetTable> tables{};
    /// The boxes of the answer other than the `moov`, in order: the first is the `ftyp` and stands before it.
    std::vector<Run> boxes{};
    bool is_in_front = false;  ///< the source starts fast already (or is fragmented): it is served as it is
};

/// The packaging index of one source object (docs/packaging-index.md). Immutable, so threads may share it.
class PackagingIndex {
public:
    /// The version of the format that this program writes. Others are not read: `backfill` makes them anew.
    static constexpr std::uint16_t version = 1;

    /// Reads an index. Fails with `internal` when it is damaged or of another version; never
    /// reads outside `bytes`, whatever they claim.
    static Result<std::shared_ptr<PackagingIndex const>> parse(std::string bytes);

    std::span<Track const> tracks() const noexcept { return tracks_; }
    std::uint64_t source_size() const noexcept { return source_size_; }
    Sha256Digest const& source_sha256() const noexcept { return source_sha256_; }
    /// No segment needs pictures of another one (no open GOP): EXT-X-INDEPENDENT-SEGMENTS may be written.
    bool independent_segments() const noexcept { return independent_segments_; }
    /// Empty when the file cannot be served with its `moov` in front (offsets would not fit their tables).
    std::optional<FastStart> const& fast_start() const noexcept { return fast_start_; }
    /// Hexadecimal, of the bytes of the index: stands in the addresses of segments.
    std::string const& digest() const noexcept { return digest_; }
    /// Bytes in memory, for the bound of a cache.
    std::size_t memory() const noexcept;

    /// Decodes the samples of a segment. Fails with `internal` when the index is damaged there.
    Result<SegmentSamples> samples(std::size_t track, std::size_t segment) const;

private:
    /// Where the samples of a segment are described.
    struct Blob {
        std::uint64_t offset = 0;  ///< into `bytes_`
        std::uint32_t length = 0;
    };

    PackagingIndex() = default;
    void read();
    void read_one(IndexReader& in);

    std::string bytes_;
    std::vector<Track> tracks_;
    std::vector<std::vector<Blob>> blobs_;  ///< for each track, for each segment
    std::uint64_t source_size_ = 0;
    Sha256Digest source_sha256_{};
    bool independent_segments_ = true;
    std::optional<FastStart> fast_start_;
    std::string digest_;
};

}  // namespace clinikk::media::packaging
