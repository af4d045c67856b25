#pragma once

#include <optional>
#include <vector>

#include "media/packaging/packaging_index.hpp"
#include "media/packaging/source_movie.hpp"
#include "media/packaging/top_level.hpp"

namespace clinikk::media::packaging {

/// How a file is sent with its `moov` in front. Empty when it cannot be: it has no `ftyp` that would come first, an
/// offset would not fit its table any more, or other boxes say offsets that nobody would rewrite.
std::optional<FastStart> plan_fast_start(RandomBytes const& bytes, SourceMovie const& movie,
                                         std::vector<TopBox> const& boxes);

}  // namespace clinikk::media::packaging
