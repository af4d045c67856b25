#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "media/packaging/bit_rates.hpp"
#include "media/packaging/index_bytes.hpp"
#include "media/packaging/packaging_index.hpp"

namespace clinikk::media::packaging {

/// Segments begin every four seconds, at the first sync sample from there on.
inline constexpr std::uint32_t segment_seconds = 4;
/// No segment is longer: players keep whole segments, and seek to their beginnings.
inline constexpr std::uint32_t longest_segment_seconds = 12;

/// The times at which a new segment is due, in units of the track's timescale: given ones first, then every four
/// seconds.
class CutGrid {
public:
    /// `cuts` ascend, and may be empty; the last of them begins the grid, or else 0 does.
    CutGrid(std::uint32_t timescale, std::vector<std::uint64_t> cuts);

    /// The first time after `start`. `start` never goes back.
    std::int64_t after(std::int64_t start);

private:
    std::vector<std::uint64_t> cuts_;
    std::size_t next_ = 0;
    std::int64_t origin_;
    std::int64_t step_;
};

/// Cuts the samples of a track into segments, and writes their directory and blobs. Memory is that of two segments and
/// of what is written. Throws `Unpackageable`.
class SegmentBuilder {
public:
    /// `track` has everything but its segments, durations and rates; it must outlive the builder. `decode_time` is that
    /// of the first sample.
    SegmentBuilder(Track const& track, CutGrid grid, std::uint64_t decode_time);

    /// The next sample, at an offset of the source; without one it is `Track::silence`.
    void add(Sample const& sample, std::optional<std::uint64_t> offset);

    /// Ends the last segment. Call it once, after the last sample.
    void finish();

    std::size_t count() const noexcept { return starts_.size(); }
    std::vector<std::uint64_t> const& starts() const noexcept {
        return starts_;
    }  ///< of all segments but negative ones
    std::int64_t end() const noexcept { return end_; }
    bool is_independent() const noexcept { return is_independent_; }
    BitRates const& rates() const noexcept { return rates_; }
    std::string& directory() noexcept { return directory_.bytes(); }
    std::string& blobs() noexcept { return blobs_.bytes(); }

private:
    /// A segment that is not written yet: later samples may join it.
    struct Pending {
        Segment segment{};
        SegmentSamples samples{};
        std::int64_t end = 0;  ///< of the sample that is shown last
    };

    void begin_segment(std::int64_t start);
    void append(Sample const& sample, std::optional<std::uint64_t> offset);
    void merge_last();
    /// Writes a segment. `next` and `next_decoded` are when the next one begins to be shown and to be decoded.
    void write(Pending& pending, std::int64_t next, std::uint64_t next_decoded);
    void check(Segment const& segment, std::int64_t duration) const;

    Track const& track_;
    CutGrid grid_;
    std::uint64_t decode_time_;
    std::int64_t next_cut_;
    std::optional<Pending> before_;  ///< the last but one
    std::optional<Pending> current_;
    std::optional<Segment> first_;    ///< of those that are written
    std::optional<Segment> written_;  ///< the last one
    IndexWriter directory_;
    IndexWriter blobs_;
    std::vector<std::uint64_t> starts_;
    std::int64_t end_ = 0;
    std::uint64_t key_frames_ = 0;
    bool is_independent_ = true;
    BitRates rates_;
};

}  // namespace clinikk::media::packaging
