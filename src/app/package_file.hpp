#pragma once

#include <filesystem>

namespace clinikk::app {

/// `clinikk-tv package`: packages a local file as the server would, into a directory of static files that any web
/// server may serve: `hls/`, `dash/`, `segments/` and the file that starts fast. `directory` is made, or is empty; the
/// playlists come last, so where they are all is there. Prints what it found. Returns 1, with the reason on standard
/// error, when the file cannot be packaged. Throws on files that cannot be read or written.
int package_file(std::filesystem::path const& file, std::filesystem::path const& directory);

}  // namespace clinikk::app
