#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"
#include "media/packaging/packaging_index.hpp"

/// Playlists of HTTP Live Streaming (RFC 8216), version 7. All addresses in them are relative, and those of segments
/// have the digest of the index in their path, so a segment at an address never changes.
namespace clinikk::media::packaging {

/// The multivariant playlist: the first video track with every group of audio tracks (one a codec), or the audio tracks
/// alone, each a variant. Bit rates are those of the index. Errors: `internal` when the index is damaged.
Result<std::string> master_playlist(PackagingIndex const& index);

/// The playlist of one track's segments. `track` counts from 0 and must be there.
std::string media_playlist(PackagingIndex const& index, std::size_t track);

/// Whether the track has an I-frame playlist: video, of which not every sample is a key frame.
bool has_key_frame_playlist(Track const& track) noexcept;

/// The I-frame playlist of a track: one segment for each key frame. Errors: `not_found` when the track has none,
/// `internal` when the index is damaged.
Result<std::string> key_frame_playlist(PackagingIndex const& index, std::size_t track);

}  // namespace clinikk::media::packaging
