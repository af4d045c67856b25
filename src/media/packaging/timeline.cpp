#include "media/packaging/timeline.hpp"

#include <algorithm>

#include "media/packaging/time_scale.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::uint64_t max_silent_frames = 10'000'000;

long double seconds(PlannedTrack const& track) {
    return static_cast<long double>(track.begin) / track.source->index.timescale;
}

// Audio that begins up to 40 ms late is heard in sync by anybody; players that take every track as beginning at zero
// are out by as much.
bool is_tolerably_late(PlannedTrack const& track) {
    return track.begin <= static_cast<std::int64_t>(track.source->index.timescale / 25);
}

void leave_out_common_wait(std::vector<PlannedTrack>& tracks) {
    auto const& first = *std::ranges::min_element(tracks, {}, seconds);
    auto const wait = first.begin;
    auto const timescale = first.source->index.timescale;
    if (wait <= 0) return;
    for (auto& track : tracks) track.begin -= rescale_signed(wait, timescale, track.source->index.timescale);
}

void time_video(PlannedTrack& track) {
    auto& timing = track.timing;
    timing.first_stands = static_cast<std::uint64_t>(std::max<std::int64_t>(track.begin, 0));
}

// Where the first packaged sample is shown when the track is decoded from 0 on: its own composition offset.
void time_audio(PlannedTrack& track, std::uint64_t first_offset) {
    auto& timing = track.timing;
    auto const late = static_cast<std::uint64_t>(std::max<std::int64_t>(track.begin, 0));
    auto const early = static_cast<std::uint64_t>(std::max<std::int64_t>(-track.begin, 0));
    auto const frame = track.survey.common_duration;
    if (late > track.source->index.timescale / 1000 && !track.codec.silence.empty()) {
        timing.silent_duration = frame;
        timing.silent_offset = static_cast<std::uint32_t>(first_offset);
        timing.silent_frames = (late + frame - 1) / frame;
        if (timing.silent_frames > max_silent_frames) {
            throw Unpackageable(RenditionReason::too_large, "The audio begins too long after the video.");
        }
        timing.media_start = timing.silent_frames * frame - late + first_offset;
        return;
    }
    if (!is_tolerably_late(track)) {
        throw Unpackageable(RenditionReason::late_audio,
                            "The audio begins after the video, and its codec has no silence to put in front of it.");
    }
    // Either the edit begins behind the first sample, or decoding begins later.
    timing.decode_time = late > first_offset ? late - first_offset : 0;
    timing.media_start = timing.decode_time + first_offset + early - late;
}

}  // namespace

std::uint64_t begin_with_key_frame(PlannedTrack& video) {
    auto const moved = video.begin < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(video.begin) : 0;
    video.begin = std::max<std::int64_t>(video.begin, 0);
    return moved;
}

void place_on_timeline(std::vector<PlannedTrack>& tracks) {
    leave_out_common_wait(tracks);
    for (auto& track : tracks) {
        auto const& survey = track.survey;
        track.timing.offset_shift = static_cast<std::uint32_t>(-std::int64_t{survey.earliest_offset});
        auto const first_offset = survey.first_composition_time - static_cast<std::int64_t>(survey.first_decode_time) +
                                  track.timing.offset_shift;
        track.timing.media_start = static_cast<std::uint64_t>(first_offset);
        if (track.kind == TrackKind::video) {
            time_video(track);
        } else {
            time_audio(track, static_cast<std::uint64_t>(first_offset));
        }
    }
}

}  // namespace clinikk::media::packaging
