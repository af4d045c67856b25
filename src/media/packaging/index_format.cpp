#include "media/packaging/index_format.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace clinikk::media::packaging {
namespace {

constexpr std::uint64_t max_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t max_fast_start_parts = 100'000;

std::uint32_t u32(IndexReader& in) { return static_cast<std::uint32_t>(in.number(max_u32)); }

std::size_t silent_samples(Segment const& segment, std::size_t silent_frame) noexcept {
    return silent_frame == 0 ? 0 : static_cast<std::size_t>(segment.silent_bytes / silent_frame);
}

template <class Member>
std::vector<std::uint32_t> column(std::span<Sample const> samples, Member member) {
    std::vector<std::uint32_t> values;
    values.reserve(samples.size());
    for (auto const& sample : samples) values.push_back(sample.*member);
    return values;
}

// The places of the key frames among the samples, each as the distance from the one before. Nothing when every sample
// or none is one.
void write_key_frames(IndexWriter& out, Segment const& segment, std::span<Sample const> samples) {
    if (segment.key_frames == segment.samples) return;
    std::size_t next = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (!samples[i].is_sync) continue;
        out.number(i - next);
        next = i + 1;
    }
}

void read_key_frames(IndexReader& in, Segment const& segment, std::span<Sample> samples) {
    if (segment.key_frames == segment.samples) {
        for (auto& sample : samples) sample.is_sync = true;
        return;
    }
    std::size_t next = 0;
    for (auto left = segment.key_frames; left > 0; --left) {
        if (next >= samples.size()) throw DamagedPackagingIndex();
        next += in.number(samples.size() - next - 1);
        samples[next++].is_sync = true;
    }
}

// Which samples begin a run: one bit each, but for the first, which always does.
std::string run_mask(std::span<Sample const> samples, std::span<Run const> runs) {
    std::string mask((samples.size() + 6) / 8, '\0');
    std::size_t run = 0;
    std::uint64_t left = runs.front().length;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (left == 0) {
            left = runs[++run].length;
            auto& byte = mask[(i - 1) / 8];
            byte = static_cast<char>(static_cast<unsigned char>(byte) | 1u << ((i - 1) % 8));
        }
        left -= samples[i].size;
    }
    return mask;
}

// Samples lie behind each other but for gaps, in which there is mostly media of other tracks.
void write_runs(IndexWriter& out, Segment const& segment, std::span<Sample const> samples, std::span<Run const> runs) {
    if (samples.empty()) return;
    out.number(runs.size());
    out.number(runs.front().offset - segment.first_byte);
    if (runs.size() == 1) return;
    out.raw(run_mask(samples, runs));
    for (std::size_t i = 1; i < runs.size(); ++i) {
        out.signed_number(static_cast<std::int64_t>(runs[i].offset - runs[i - 1].offset - runs[i - 1].length));
    }
}

std::vector<Run> read_runs(IndexReader& in, Segment const& segment, std::span<Sample const> samples) {
    std::vector<Run> runs;
    if (samples.empty()) return runs;
    auto const count = in.number(samples.size());
    runs.push_back({segment.first_byte + in.number(segment.span), 0});
    auto const mask = count > 1 ? in.raw((samples.size() + 6) / 8) : std::string_view();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        bool const begins =
            i > 0 && !mask.empty() && (static_cast<unsigned char>(mask[(i - 1) / 8]) >> ((i - 1) % 8) & 1) != 0;
        if (begins) {
            auto const gap = in.signed_number();
            if (gap < -static_cast<std::int64_t>(max_time) || gap > static_cast<std::int64_t>(max_time)) {
                throw DamagedPackagingIndex();
            }
            runs.push_back({runs.back().offset + runs.back().length + static_cast<std::uint64_t>(gap), 0});
        }
        runs.back().length += samples[i].size;
    }
    if (runs.size() != count) throw DamagedPackagingIndex();
    return runs;
}

void check(SegmentSamples const& read, Segment const& segment, std::uint64_t source_size) {
    std::uint64_t payload = segment.silent_bytes;
    for (auto const& run : read.runs) {
        if (run.length > source_size || run.offset > source_size - run.length) throw DamagedPackagingIndex();
        payload += run.length;
    }
    if (payload != segment.payload) throw DamagedPackagingIndex();
}

}  // namespace

void write_segment(IndexWriter& out, Segment const& segment, Segment const* previous, std::size_t silent_frame,
                   std::size_t blob) {
    out.number(segment.samples);
    out.number(segment.decode_time - (previous != nullptr ? previous->decode_time : 0));
    if (previous == nullptr) out.signed_number(segment.start);
    out.number(segment.duration);
    out.signed_number(static_cast<std::int64_t>(segment.first_byte -
                                                (previous != nullptr ? previous->first_byte + previous->span : 0)));
    out.number(segment.span);
    out.number(segment.payload);
    out.number(silent_samples(segment, silent_frame));
    out.number(segment.key_frames);
    out.number(blob);
}

std::uint32_t read_segment(IndexReader& in, Segment& segment, Segment const* previous, std::size_t silent_frame) {
    segment.samples = static_cast<std::uint32_t>(in.number(max_segment_samples));
    segment.decode_time = (previous != nullptr ? previous->decode_time : 0) + in.number(max_time);
    segment.start = previous != nullptr ? previous->start + previous->duration : in.signed_number();
    segment.duration = u32(in);
    segment.first_byte = (previous != nullptr ? previous->first_byte + previous->span : 0) +
                         static_cast<std::uint64_t>(in.signed_number());
    segment.span = in.number(max_time);
    segment.payload = in.number(max_segment_payload);
    segment.silent_bytes = in.number(segment.samples) * silent_frame;
    segment.key_frames = static_cast<std::uint32_t>(in.number(segment.samples));
    constexpr std::int64_t latest = max_time;
    bool const is_possible = segment.samples > 0 && segment.decode_time <= max_time && segment.start <= latest &&
                             segment.start >= -latest && segment.first_byte <= max_time &&
                             segment.silent_bytes <= segment.payload;
    if (!is_possible) throw DamagedPackagingIndex();
    return u32(in);
}

void write_samples(IndexWriter& out, Segment const& segment, SegmentSamples const& samples, std::size_t silent_frame) {
    std::span<Sample const> const all = samples.samples;
    auto const stored = all.subspan(silent_samples(segment, silent_frame));
    out.values(column(all, &Sample::duration));
    out.values(column(stored, &Sample::size));
    out.values(column(all, &Sample::composition_offset));
    write_key_frames(out, segment, all);
    write_runs(out, segment, stored, samples.runs);
}

SegmentSamples read_samples(std::string_view blob, Track const& track, Segment const& segment,
                            std::uint64_t source_size) {
    IndexReader in(blob);
    auto const silent = silent_samples(segment, track.silence.size());
    if (silent > segment.samples) throw DamagedPackagingIndex();
    auto const durations = in.values(segment.samples);
    auto const sizes = in.values(segment.samples - silent);
    auto const offsets = in.values(segment.samples);
    SegmentSamples read;
    read.samples.resize(segment.samples);
    for (std::size_t i = 0; i < read.samples.size(); ++i) {
        read.samples[i] = {.size = i < silent ? static_cast<std::uint32_t>(track.silence.size()) : sizes[i - silent],
                           .duration = durations[i],
                           .composition_offset = offsets[i]};
    }
    read_key_frames(in, segment, read.samples);
    read.runs = read_runs(in, segment, std::span(read.samples).subspan(silent));
    check(read, segment, source_size);
    return read;
}

void write_track(IndexWriter& out, Track const& track) {
    out.fixed(static_cast<std::uint8_t>(track.kind), 1);
    out.fixed(track.is_default ? 1 : 0, 1);
    for (std::uint64_t const value : {track.id, track.timescale, track.width, track.height, track.frame_rate_milli,
                                      track.channels, track.sample_rate, track.peak_bit_rate, track.average_bit_rate,
                                      track.default_sample_duration, track.default_sample_size}) {
        out.number(value);
    }
    out.number(track.media_start);
    out.number(track.duration);
    for (std::string_view const text : {track.codec, track.language, track.name, track.init, track.silence}) {
        out.text(text);
    }
}

Track read_track(IndexReader& in) {
    Track track;
    auto const kind = in.fixed(1);
    if (kind > static_cast<std::uint8_t>(TrackKind::audio)) throw DamagedPackagingIndex();
    track.kind = static_cast<TrackKind>(kind);
    track.is_default = in.fixed(1) != 0;
    for (auto* const value : {&track.id, &track.timescale, &track.width, &track.height, &track.frame_rate_milli,
                              &track.channels, &track.sample_rate, &track.peak_bit_rate, &track.average_bit_rate,
                              &track.default_sample_duration, &track.default_sample_size}) {
        *value = u32(in);
    }
    track.media_start = in.number(max_time);
    track.duration = in.number(max_time);
    for (auto* const text : {&track.codec, &track.language, &track.name, &track.init, &track.silence}) {
        *text = in.text();
    }
    if (track.timescale == 0) throw DamagedPackagingIndex();
    return track;
}

void write_fast_start(IndexWriter& out, FastStart const& plan) {
    out.fixed(plan.is_in_front ? 1 : 0, 1);
    out.number(plan.movie_offset);
    out.number(plan.movie_size);
    out.number(plan.tables.size());
    for (auto const& table : plan.tables) {
        out.number(table.offset);
        out.number(table.count);
        out.fixed(table.entry_bytes, 1);
    }
    out.number(plan.boxes.size());
    for (auto const& box : plan.boxes) {
        out.number(box.offset);
        out.number(box.length);
    }
}

FastStart read_fast_start(IndexReader& in, std::uint64_t source_size) {
    FastStart plan;
    plan.is_in_front = in.fixed(1) != 0;
    plan.movie_offset = in.number(source_size);
    plan.movie_size = in.number(source_size - plan.movie_offset);
    auto const movie_end = plan.movie_offset + plan.movie_size;
    for (auto left = in.number(max_fast_start_parts); left > 0; --left) {
        FastStart::OffsetTable table{.offset = in.number(movie_end), .count = u32(in)};
        table.entry_bytes = static_cast<std::uint8_t>(in.fixed(1));
        bool const is_inside = (table.entry_bytes == 4 || table.entry_bytes == 8) &&
                               table.offset >= plan.movie_offset &&
                               std::uint64_t{table.count} * table.entry_bytes <= movie_end - table.offset;
        if (!is_inside) throw DamagedPackagingIndex();
        plan.tables.push_back(table);
    }
    for (auto left = in.number(max_fast_start_parts); left > 0; --left) {
        Run box{.offset = in.number(source_size)};
        box.length = in.number(source_size - box.offset);
        plan.boxes.push_back(box);
    }
    return plan;
}

}  // namespace clinikk::media::packaging
