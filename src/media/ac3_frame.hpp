#pragma once

#include "media/audio_frame.hpp"

namespace clinikk::media {

/// AC-3 and Enhanced AC-3 (ETSI TS 102 366 sections 4 and E.1). Dependent substreams have no samples of their own.
extern FrameFormat const ac3_format;

}  // namespace clinikk::media
