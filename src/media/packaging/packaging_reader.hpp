#pragma once

#include <memory>

#include "domain/packaging.hpp"

namespace clinikk::media::packaging {

/// Reads the indexes that `make_index` makes, and writes playlists, manifests and segments from them. No I/O.
std::unique_ptr<PackagingReader> make_packaging_reader();

}  // namespace clinikk::media::packaging
