#pragma once

#include <string>

#include "media/packaging/packaging_index.hpp"

namespace clinikk::media::packaging {

/// The manifest of MPEG-DASH (ISO/IEC 23009-1), profile isoff-live:2011, over the same segments as the playlists: the
/// first video track, and an adaptation set for each audio track. All addresses in it are relative.
std::string dash_manifest(PackagingIndex const& index);

}  // namespace clinikk::media::packaging
