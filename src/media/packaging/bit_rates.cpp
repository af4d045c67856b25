#include "media/packaging/bit_rates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t longest_run = 1100;  ///< key frames of 60 a second in 1.5 times the longest segment

}  // namespace

void BitRates::add(std::uint64_t bytes, std::uint64_t duration) { segments_.push_back({bytes, duration}); }

std::uint32_t BitRates::rate(Spent const& spent) const noexcept {
    if (spent.duration == 0) return 0;
    auto const bits = std::ceil(static_cast<long double>(spent.bytes) * 8 * timescale_ / spent.duration);
    constexpr auto most = std::numeric_limits<std::uint32_t>::max();
    return bits >= most ? most : static_cast<std::uint32_t>(bits);
}

std::uint32_t BitRates::average() const {
    Spent all{0, 0};
    for (auto const& segment : segments_) {
        all.bytes += segment.bytes;
        all.duration += segment.duration;
    }
    return rate(all);
}

// No second has many segments, so the runs that begin with one are few. Where a file has more, its shorter runs count.
std::uint32_t BitRates::peak() const {
    std::uint64_t target = 1;  // seconds
    for (auto const& segment : segments_) target = std::max(target, (segment.duration + timescale_ / 2) / timescale_);
    auto const units = target * timescale_;
    std::uint32_t best = 0;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        Spent run{0, 0};
        for (auto j = i; j < std::min(segments_.size(), i + longest_run); ++j) {
            run.bytes += segments_[j].bytes;
            run.duration += segments_[j].duration;
            if (2 * run.duration > 3 * units) break;
            if (2 * run.duration >= units) best = std::max(best, rate(run));
        }
    }
    return std::max(best, average());
}

void FrameRate::add(std::uint32_t duration) {
    window_.push_back(duration);
    length_ += duration;
    // The shortest window at the end that still lasts a second.
    while (window_.size() > max_frames || length_ - window_.front() >= timescale_) {
        if (window_.size() == 1) break;
        length_ -= window_.front();
        window_.pop_front();
    }
    if (length_ < timescale_ && is_whole_ && window_.size() < max_frames) return;
    if (length_ >= timescale_ && !is_whole_) {
        is_whole_ = true;
        best_ = 0;
    }
    auto const rate =
        static_cast<double>(window_.size()) * timescale_ / static_cast<double>(std::max<std::uint64_t>(length_, 1));
    best_ = is_whole_ ? std::max(best_, rate) : rate;
}

std::uint32_t FrameRate::milli() const noexcept {
    return static_cast<std::uint32_t>(std::lround(std::min(best_, 4e6 - 1) * 1000));
}

}  // namespace clinikk::media::packaging
