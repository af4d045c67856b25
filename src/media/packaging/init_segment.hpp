#pragma once

#include <string>

#include "media/packaging/packaging_index.hpp"
#include "media/packaging/timeline.hpp"

namespace clinikk::media::packaging {

/// The init segment of a track (ISO/IEC 23000-19 section 7.3.2): its `ftyp`, and a `moov` with this track alone.
/// `track` has its id, timescale, language, edit and defaults.
std::string write_init_segment(Track const& track, PlannedTrack const& plan);

}  // namespace clinikk::media::packaging
