#include "media/packaging/segment_builder.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "media/box_cursor.hpp"
#include "media/packaging/index_format.hpp"
#include "media/packaging/media_segment.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t max_segments = 16'000;
constexpr std::size_t max_segment_runs = 4096;

void join_run(std::vector<Run>& runs, Run run) {
    if (!runs.empty() && runs.back().offset + runs.back().length == run.offset) {
        runs.back().length += run.length;
    } else {
        runs.push_back(run);
    }
}

void find_span(Segment& segment, std::vector<Run> const& runs, std::uint64_t otherwise) {
    segment.first_byte = otherwise;
    if (runs.empty()) return;
    std::uint64_t end = 0;
    segment.first_byte = std::numeric_limits<std::uint64_t>::max();
    for (auto const& run : runs) {
        segment.first_byte = std::min(segment.first_byte, run.offset);
        end = std::max(end, run.offset + run.length);
    }
    segment.span = end - segment.first_byte;
}

}  // namespace

CutGrid::CutGrid(std::uint32_t timescale, std::vector<std::uint64_t> cuts)
    : cuts_(std::move(cuts)),
      origin_(cuts_.empty() ? 0 : static_cast<std::int64_t>(cuts_.back())),
      step_(std::int64_t{timescale} * segment_seconds) {}

std::int64_t CutGrid::after(std::int64_t start) {
    while (next_ < cuts_.size() && static_cast<std::int64_t>(cuts_[next_]) <= start) ++next_;
    if (next_ < cuts_.size()) return static_cast<std::int64_t>(cuts_[next_]);
    return start < origin_ ? origin_ : origin_ + ((start - origin_) / step_ + 1) * step_;
}

SegmentBuilder::SegmentBuilder(Track const& track, CutGrid grid, std::uint64_t decode_time)
    : track_(track),
      grid_(std::move(grid)),
      decode_time_(decode_time),
      next_cut_(grid_.after(0)),
      rates_(track.timescale) {}

void SegmentBuilder::add(Sample const& sample, std::optional<std::uint64_t> offset) {
    auto const start = static_cast<std::int64_t>(decode_time_ + sample.composition_offset) -
                       static_cast<std::int64_t>(track_.media_start);
    if (!current_ || (sample.is_sync && start >= next_cut_)) begin_segment(start);
    append(sample, offset);
    auto& pending = *current_;
    pending.end = std::max(pending.end, start + sample.duration);
    is_independent_ = is_independent_ && start >= pending.segment.start;
    decode_time_ += sample.duration;
}

void SegmentBuilder::begin_segment(std::int64_t start) {
    if (before_) write(*before_, current_->segment.start, current_->segment.decode_time);
    before_ = std::exchange(current_, Pending{});
    current_->segment.start = start;
    current_->segment.decode_time = decode_time_;
    current_->end = start;
    if (start >= next_cut_) next_cut_ = grid_.after(start);
}

void SegmentBuilder::append(Sample const& sample, std::optional<std::uint64_t> offset) {
    auto& [segment, samples, end] = *current_;
    samples.samples.push_back(sample);
    ++segment.samples;
    segment.payload += sample.size;
    if (sample.is_sync) ++segment.key_frames;
    if (offset) {
        join_run(samples.runs, {*offset, sample.size});
    } else {
        segment.silent_bytes += sample.size;
    }
    if (segment.samples > max_segment_samples || segment.payload > max_segment_payload ||
        samples.runs.size() > max_segment_runs) {
        throw Unpackageable(RenditionReason::too_large,
                            "A segment of the file would have more than 8,192 samples, 4,096 pieces or 512 MiB.");
    }
}

void SegmentBuilder::finish() {
    if (!current_) return;
    auto const is_short =
        4 * (current_->end - current_->segment.start) < std::int64_t{track_.timescale} * segment_seconds;
    if (before_ && is_short) merge_last();
    if (before_) write(*before_, current_->segment.start, current_->segment.decode_time);
    end_ = current_->end;
    auto const first = first_.value_or(current_->segment);
    auto const shown =
        static_cast<std::uint64_t>(std::max<std::int64_t>(end_ - std::max<std::int64_t>(first.start, 0), 0));
    write(*current_, end_, std::max(first.decode_time + shown, current_->segment.decode_time + 1));
}

void SegmentBuilder::merge_last() {
    auto last = *std::exchange(current_, std::exchange(before_, std::nullopt));
    auto offset = last.samples.runs.begin();
    std::uint64_t used = 0;
    auto silent = last.segment.silent_bytes;
    for (auto const& sample : last.samples.samples) {
        if (silent > 0) {
            silent -= sample.size;
            append(sample, std::nullopt);
            continue;
        }
        append(sample, offset->offset + used);
        used += sample.size;
        if (used == offset->length) {
            ++offset;
            used = 0;
        }
    }
    current_->end = std::max(current_->end, last.end);
}

void SegmentBuilder::check(Segment const& segment, std::int64_t duration) const {
    if (duration <= 0 || static_cast<std::uint64_t>(duration) > std::numeric_limits<std::uint32_t>::max() ||
        segment.decode_time + static_cast<std::uint64_t>(duration) >= max_time) {
        throw Unpackageable(RenditionReason::timing, "The file has times that no segment can say.");
    }
    if (duration > std::int64_t{track_.timescale} * longest_segment_seconds) {
        throw Unpackageable(RenditionReason::key_frames,
                            key_frames_ + segment.key_frames == 1
                                ? "The video has no second key frame within twelve seconds, so it cannot be cut."
                                : "The file has more than twelve seconds between two key frames.");
    }
    if (starts_.size() == max_segments) {
        throw Unpackageable(RenditionReason::too_large, "The file is longer than an index can say.");
    }
}

void SegmentBuilder::write(Pending& pending, std::int64_t next, std::uint64_t next_decoded) {
    auto& segment = pending.segment;
    auto const duration = next - segment.start;
    check(segment, duration);
    segment.duration = static_cast<std::uint32_t>(duration);
    find_span(segment, pending.samples.runs, written_ ? written_->first_byte + written_->span : 0);
    auto const begin = blobs_.size();
    write_samples(blobs_, segment, pending.samples, track_.silence.size());
    write_segment(directory_, segment, written_ ? &*written_ : nullptr, track_.silence.size(), blobs_.size() - begin);
    auto const layout = lay_out_segment(track_, segment, starts_.size(), std::move(pending.samples));
    if (layout.has_error()) throw DamagedIndex();
    // As playlists say it (`playlist_time`).
    rates_.add(layout->length, next_decoded - segment.decode_time);
    // What is decoded before the film begins is not heard.
    starts_.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(segment.start, 0)));
    if (!first_) first_ = segment;
    key_frames_ += segment.key_frames;
    written_ = segment;
}

}  // namespace clinikk::media::packaging
