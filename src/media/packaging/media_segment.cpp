#include "media/packaging/media_segment.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "media/packaging/box_writer.hpp"
#include "media/packaging/fragment_flags.hpp"

namespace clinikk::media::packaging {
namespace {

// ISO/IEC 14496-12 section 8.8.3.1: a sync sample depends on no other; any other does, and is no sync sample. `sdtp` of
// the source is not copied: some say of sync samples that they depend on others, and players then do not begin there.
constexpr std::uint32_t sync_flags = 0x0200'0000;
constexpr std::uint32_t other_flags = 0x0101'0000;

constexpr std::size_t styp_size = 28;
constexpr std::size_t mfhd_size = 16;
constexpr std::size_t tfdt_size = 20;

/// The value that `member` has in every sample, if it is one.
template <class Member>
std::optional<std::uint32_t> common(std::vector<Sample> const& samples, Member member) {
    auto const first = samples.front().*member;
    bool const is_common = std::ranges::all_of(samples, [&](Sample const& sample) { return sample.*member == first; });
    return is_common ? std::optional(first) : std::nullopt;
}

/// How the `moof` says what its samples are: what all of them have in common is said once.
struct Fragment {
    std::vector<Sample> const& samples;
    std::optional<std::uint32_t> duration;
    std::optional<std::uint32_t> size;
    std::uint32_t default_flags = other_flags;
    std::uint32_t tfhd = tfhd_base_is_moof | tfhd_flags;
    std::uint32_t trun = trun_data_offset;

    Fragment(Track const& track, std::vector<Sample> const& all)
        : samples(all), duration(common(all, &Sample::duration)), size(common(all, &Sample::size)) {
        if (!duration) {
            trun |= trun_durations;
        } else if (*duration != track.default_sample_duration || *duration == 0) {
            tfhd |= tfhd_duration;
        }
        if (!size) {
            trun |= trun_sizes;
        } else if (*size != track.default_sample_size || *size == 0) {
            tfhd |= tfhd_size;
        }
        choose_flags();
        if (std::ranges::any_of(all, [](Sample const& sample) { return sample.composition_offset != 0; })) {
            trun |= trun_composition;
        }
    }

    std::uint64_t tfhd_bytes() const noexcept { return 16 + words(tfhd, tfhd_duration | tfhd_size | tfhd_flags); }
    std::uint64_t trun_bytes() const noexcept {
        auto const entry = words(trun, trun_durations | trun_sizes | trun_flags | trun_composition);
        return 20 + words(trun, trun_first_flags) + entry * samples.size();
    }
    std::uint64_t moof_bytes() const noexcept {
        constexpr std::uint64_t headers = 8 + 8;  // of moof and traf
        return headers + mfhd_size + tfhd_bytes() + tfdt_size + trun_bytes();
    }

private:
    /// Bytes of the optional fields of 32 bits that are there.
    static std::uint64_t words(std::uint32_t flags, std::uint32_t fields) noexcept {
        return 4 * static_cast<std::uint64_t>(std::popcount(flags & fields));
    }

    void choose_flags() {
        auto const is_sync = [](Sample const& sample) { return sample.is_sync; };
        auto const count = static_cast<std::size_t>(std::ranges::count_if(samples, is_sync));
        if (count == samples.size()) {
            default_flags = sync_flags;
        } else if (count == 1 && samples.front().is_sync) {
            trun |= trun_first_flags;
        } else if (count > 0) {
            trun |= trun_flags;
        }
    }
};

std::uint64_t mdat_header_bytes(std::uint64_t payload) noexcept {
    return payload + 8 > std::numeric_limits<std::uint32_t>::max() ? 16 : 8;
}

void write_tfhd(BoxWriter& out, Fragment const& fragment, std::uint32_t track_id) {
    out.full_box("tfhd", 0, fragment.tfhd, [&] {
        out.u32(track_id);
        if ((fragment.tfhd & tfhd_duration) != 0) out.u32(*fragment.duration);
        if ((fragment.tfhd & tfhd_size) != 0) out.u32(*fragment.size);
        out.u32(fragment.default_flags);
    });
}

void write_trun(BoxWriter& out, Fragment const& fragment, std::uint64_t data_offset) {
    out.full_box("trun", 0, fragment.trun, [&] {
        out.u32(fragment.samples.size()).u32(data_offset);
        if ((fragment.trun & trun_first_flags) != 0) out.u32(sync_flags);
        for (auto const& sample : fragment.samples) {
            if ((fragment.trun & trun_durations) != 0) out.u32(sample.duration);
            if ((fragment.trun & trun_sizes) != 0) out.u32(sample.size);
            if ((fragment.trun & trun_flags) != 0) out.u32(sample.is_sync ? sync_flags : other_flags);
            if ((fragment.trun & trun_composition) != 0) out.u32(sample.composition_offset);
        }
    });
}

void write_mdat_header(BoxWriter& out, std::uint64_t payload) {
    if (mdat_header_bytes(payload) == 8) {
        out.u32(8 + payload).text("mdat");
    } else {
        out.u32(1).text("mdat").u64(16 + payload);
    }
}

/// `styp`, `moof` and the header of the `mdat`. Empty when the `moof` is too large for its own offsets.
std::optional<std::string> write_head(Track const& track, Segment const& segment, std::size_t number,
                                      std::vector<Sample> const& samples) {
    Fragment const fragment(track, samples);
    auto const data_offset = fragment.moof_bytes() + mdat_header_bytes(segment.payload);
    if (data_offset > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    BoxWriter out;
    out.box("styp", [&] { out.text("msdh").u32(0).text("msdhmsixcmfs"); });
    out.box("moof", [&] {
        out.full_box("mfhd", 0, 0, [&] { out.u32(number + 1); });
        out.box("traf", [&] {
            write_tfhd(out, fragment, track.id);
            out.full_box("tfdt", 1, 0, [&] { out.u64(segment.decode_time); });
            write_trun(out, fragment, data_offset);
        });
    });
    write_mdat_header(out, segment.payload);
    return out.take();
}

std::uint64_t bytes_of(std::span<Sample const> samples) {
    return std::accumulate(samples.begin(), samples.end(), std::uint64_t{0},
                           [](std::uint64_t sum, Sample const& sample) { return sum + sample.size; });
}

std::uint64_t bytes_of(std::span<Run const> runs) {
    return std::accumulate(runs.begin(), runs.end(), std::uint64_t{0},
                           [](std::uint64_t sum, Run const& run) { return sum + run.length; });
}

/// What the index says twice must agree, or players would get other bytes than the `moof` describes.
bool agree(Track const& track, Segment const& segment, SegmentSamples const& samples) {
    auto const& silence = track.silence;
    bool const is_silence_whole =
        segment.silent_bytes == 0 || (!silence.empty() && segment.silent_bytes % silence.size() == 0);
    return is_silence_whole && !samples.samples.empty() && samples.samples.size() == segment.samples &&
           bytes_of(samples.samples) == segment.payload &&
           bytes_of(samples.runs) + segment.silent_bytes == segment.payload;
}

/// The runs of `length` bytes from `skip` on, counted through all of `runs`.
std::vector<Run> cut(std::vector<Run> const& runs, std::uint64_t skip, std::uint64_t length) {
    std::vector<Run> part;
    for (auto const& run : runs) {
        if (length == 0) break;
        if (skip >= run.length) {
            skip -= run.length;
            continue;
        }
        auto const taken = std::min(run.length - skip, length);
        part.push_back({.offset = run.offset + skip, .length = taken});
        length -= taken;
        skip = 0;
    }
    return part;
}

/// A key frame as the only sample of its segment. Durations past 32 bits do not exist: a segment's is one.
Sample alone(KeyFrame const& key_frame) noexcept {
    constexpr std::uint64_t longest = std::numeric_limits<std::uint32_t>::max();
    return {.size = key_frame.size,
            .duration = static_cast<std::uint32_t>(std::min(key_frame.duration, longest)),
            .composition_offset = key_frame.composition_offset,
            .is_sync = true};
}

}  // namespace

Result<SegmentLayout> lay_out_segment(Track const& track, Segment const& segment, std::size_t number,
                                      SegmentSamples samples) {
    if (!agree(track, segment, samples)) return Error(ErrorCode::internal);
    auto head = write_head(track, segment, number, samples.samples);
    if (!head) return Error(ErrorCode::internal);
    for (std::uint64_t written = 0; written < segment.silent_bytes; written += track.silence.size()) {
        *head += track.silence;
    }
    SegmentLayout layout{.head = *std::move(head), .runs = std::move(samples.runs)};
    layout.length = layout.head.size() + segment.payload - segment.silent_bytes;
    return layout;
}

Result<SegmentLayout> media_segment(PackagingIndex const& index, std::size_t track, std::size_t segment) {
    if (track >= index.tracks().size()) return Error(ErrorCode::not_found);
    auto const& described = index.tracks()[track];
    if (segment >= described.segments.size()) return Error(ErrorCode::not_found);
    auto samples = index.samples(track, segment);
    if (!samples) return samples.error();
    return lay_out_segment(described, described.segments[segment], segment, *std::move(samples));
}

std::vector<KeyFrame> find_key_frames(Track const& track, Segment const& segment, SegmentSamples const& samples) {
    std::vector<KeyFrame> found;
    auto decode_time = segment.decode_time;
    for (std::size_t i = 0; i < samples.samples.size(); ++i) {
        auto const& sample = samples.samples[i];
        if (sample.is_sync) {
            auto const presented = static_cast<std::int64_t>(decode_time + sample.composition_offset);
            found.push_back({.sample = static_cast<std::uint32_t>(i),
                             .decode_time = decode_time,
                             .start = presented - static_cast<std::int64_t>(track.media_start),
                             .size = sample.size,
                             .composition_offset = sample.composition_offset});
        }
        decode_time += sample.duration;
    }
    auto end = segment.start + static_cast<std::int64_t>(segment.duration);
    for (auto frame = found.rbegin(); frame != found.rend(); ++frame) {
        frame->duration = static_cast<std::uint64_t>(std::max<std::int64_t>(end - frame->start, 0));
        end = frame->start;
    }
    return found;
}

std::uint64_t key_frame_segment_size(Track const& track, KeyFrame const& key_frame) noexcept {
    std::vector const samples{alone(key_frame)};
    return styp_size + Fragment(track, samples).moof_bytes() + mdat_header_bytes(key_frame.size) + key_frame.size;
}

Result<SegmentLayout> key_frame_segment(PackagingIndex const& index, std::size_t track, std::size_t key_frame) {
    if (track >= index.tracks().size()) return Error(ErrorCode::not_found);
    auto const& described = index.tracks()[track];
    auto const number = key_frame;
    std::size_t segment = 0;
    for (; segment < described.segments.size() && key_frame >= described.segments[segment].key_frames; ++segment) {
        key_frame -= described.segments[segment].key_frames;
    }
    if (segment == described.segments.size()) return Error(ErrorCode::not_found);
    auto const samples = index.samples(track, segment);
    if (!samples) return samples.error();
    auto const& directory = described.segments[segment];
    auto const frames = find_key_frames(described, directory, *samples);
    if (!agree(described, directory, *samples) || frames.size() != directory.key_frames) {
        return Error(ErrorCode::internal);
    }
    auto const& frame = frames[key_frame];
    auto const in_front = bytes_of(std::span(samples->samples).first(frame.sample));
    if (in_front < directory.silent_bytes) return Error(ErrorCode::internal);
    Segment const one{.decode_time = frame.decode_time, .samples = 1, .payload = frame.size};
    SegmentSamples only{.samples = {alone(frame)},
                        .runs = cut(samples->runs, in_front - directory.silent_bytes, frame.size)};
    return lay_out_segment(described, one, number, std::move(only));
}

}  // namespace clinikk::media::packaging
