#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace clinikk::media::packaging {

/// Collects what the segments of a track take, for BANDWIDTH and AVERAGE-BANDWIDTH (RFC 8216 section 4.3.4.2).
class BitRates {
public:
    explicit BitRates(std::uint32_t timescale) : timescale_(timescale) {}

    /// The next segment: its whole size in bytes, and its duration.
    void add(std::uint64_t bytes, std::uint64_t duration);

    /// Bits a second of the run of segments with the most, among those that last 0.5 to 1.5 target durations. The
    /// average when no run does.
    std::uint32_t peak() const;
    std::uint32_t average() const;

private:
    struct Spent {
        std::uint64_t bytes;
        std::uint64_t duration;
    };
    std::uint32_t rate(Spent const& spent) const noexcept;

    std::uint32_t timescale_;
    std::vector<Spent> segments_;
};

/// The largest number of frames in a second, over any second of a track.
class FrameRate {
public:
    explicit FrameRate(std::uint32_t timescale) : timescale_(timescale) {}

    /// The next frame: how long it stands.
    void add(std::uint32_t duration);

    /// In thousandths of a frame a second. Of a track that lasts less than a second: its average.
    std::uint32_t milli() const noexcept;

private:
    static constexpr std::size_t max_frames = 1024;  // more in a second are not counted

    std::uint32_t timescale_;
    std::deque<std::uint32_t> window_;  ///< the frames that make up the last second
    std::uint64_t length_ = 0;          ///< of the window
    bool is_whole_ = false;             ///< a window of a second was seen
    double best_ = 0;
};

}  // namespace clinikk::media::packaging
