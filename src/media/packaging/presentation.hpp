#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/packaging/packaging_index.hpp"

/// What playlists and manifest have in common.
namespace clinikk::media::packaging {

/// The place in the index of the track with this id, as it stands in addresses. Empty when there is none.
std::optional<std::size_t> find_track(PackagingIndex const& index, std::uint32_t id) noexcept;

/// An audio track as a viewer may choose it.
struct AudioChoice {
    std::size_t track = 0;    ///< in the index
    std::string name{};       ///< not empty, and of no other track; printable UTF-8
    bool is_default = false;  ///< of exactly one
};

/// What is played: of several video tracks the first, because they are not the same pictures at other bit rates.
struct Presentation {
    std::optional<std::size_t> video{};
    std::vector<AudioChoice> audio{};
};

Presentation present(PackagingIndex const& index);

/// When a segment is presented, in units of the timescale. What an edit cuts off in front (priming) is not presented,
/// so nothing begins before 0.
struct PresentedTime {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

PresentedTime presented_time(Segment const& segment) noexcept;

/// When a segment begins by a playlist, in units of the timescale; of the number of segments, when the last one ends.
/// Segments follow each other as they are decoded: players that take times from playlists (Shaka) put the decoding time
/// of a segment (`tfdt`) there, and pictures whose composition offsets differ would drift away from the audio. The last
/// one ends with the presentation.
std::uint64_t playlist_time(Track const& track, std::size_t segment) noexcept;

/// Units of a timescale as microseconds, rounded to the nearest.
std::uint64_t to_microseconds(std::uint64_t time, std::uint32_t timescale) noexcept;

/// The address of the segments of a track, relative to a manifest, with a slash at the end.
std::string segments_address(PackagingIndex const& index, std::string_view track);

/// Text of a source as it may stand in a manifest: valid UTF-8 in NFC without control characters. Empty when it is not
/// UTF-8.
std::string printable(std::string_view text);

}  // namespace clinikk::media::packaging
