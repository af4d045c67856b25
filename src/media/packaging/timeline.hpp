#pragma once

#include <cstdint>
#include <vector>

#include "media/packaging/packaging_index.hpp"
#include "media/packaging/sample_entry.hpp"
#include "media/packaging/source_movie.hpp"
#include "media/packaging/survey.hpp"

namespace clinikk::media::packaging {

/// How the times of a track are written: one edit, and no negative composition offset, so that every player keeps the
/// tracks in sync. In units of the track's timescale.
struct TrackTiming {
    std::uint64_t decode_time = 0;    ///< of the first sample
    std::uint64_t media_start = 0;    ///< `media_time` of the edit
    std::uint32_t offset_shift = 0;   ///< is added to every composition offset
    std::uint64_t first_stands = 0;   ///< the first picture lasts longer by it, where the video begins late
    std::uint64_t silent_frames = 0;  ///< in front of the source's samples, where the audio begins late
    std::uint32_t silent_duration = 0;
    std::uint32_t silent_offset = 0;  ///< the composition offset of silent frames
};

/// A track that is packaged.
struct PlannedTrack {
    SourceTrack const* source = nullptr;
    TrackKind kind = TrackKind::video;
    CodecFacts codec{};
    Shown shown{};
    Survey survey{};
    std::int64_t begin = 0;  ///< when its first packaged sample is shown
    TrackTiming timing{};
};

/// Moves the movie's beginning back to the first packaged sample of the video, where the edit begins inside a GOP.
/// Returns how far, in units of the video's timescale.
std::uint64_t begin_with_key_frame(PlannedTrack& video);

/// Decides how the times of all tracks are written, once `begin` of each is known. What all tracks wait for is left
/// out. Throws `Unpackageable` when audio begins late and no silent frame of its codec is known.
void place_on_timeline(std::vector<PlannedTrack>& tracks);

}  // namespace clinikk::media::packaging
