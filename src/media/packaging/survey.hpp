#pragma once

#include <cstdint>
#include <optional>

#include "media/packaging/packaging_index.hpp"
#include "media/packaging/sample_reader.hpp"
#include "media/packaging/source_movie.hpp"

namespace clinikk::media::packaging {

/// What the edit list of a track says, in units of the track's timescale.
struct Shown {
    std::int64_t media_start = 0;       ///< composition time at which it begins
    std::uint64_t delay = 0;            ///< after the movie's beginning
    std::optional<std::int64_t> end{};  ///< composition time at which it ends, rounded up; empty: with the media
};

/// Reads the edit list of a track. Throws `Unpackageable` when it is more than a delay and one edit at normal speed.
Shown read_shown(SourceMovie const& movie, SourceTrack const& track);

/// The samples of a track that are packaged, and what all of them have in common.
struct Survey {
    std::uint64_t first = 0;  ///< the number of the first packaged sample, from 0
    std::uint64_t last = 0;   ///< the number of the last one
    std::uint64_t first_decode_time = 0;
    std::int64_t first_composition_time = 0;
    std::int32_t earliest_offset = 0;   ///< the smallest composition offset, 0 at most
    std::uint32_t common_duration = 0;  ///< what most samples have, if most have the same
    std::uint32_t common_size = 0;      ///< what all samples have; 0: they differ
    std::uint32_t first_duration = 0;
    std::uint32_t description = 0;  ///< the number of the sample entry that all of them use, from 1
    std::uint64_t key_frames = 0;
};

/// Reads all samples of a track once and chooses those that are packaged. Video begins with the last key frame that is
/// shown at the edit's beginning or before it; audio begins up to 0.1 s before, since decoders need samples in front of
/// those that are heard. Empty when there is no whole sample to be shown. Throws `Unpackageable` and `DamagedIndex`.
std::optional<Survey> survey_samples(SampleSource const& source, SourceTrack const& track, TrackKind kind,
                                     Shown const& shown, SampleBudget& budget);

}  // namespace clinikk::media::packaging
