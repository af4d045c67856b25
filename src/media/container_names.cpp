#include "media/container_names.hpp"

#include <algorithm>
#include <array>

namespace clinikk::media {
namespace {

using namespace media_format;

/// In the order of `Container`.
constexpr std::array rows{
    ContainerNames{Container::iso_media, "mov", mp4, m4a}, ContainerNames{Container::matroska, "matroska", mkv, mka},
    ContainerNames{Container::mpeg_ts, "mpegts", ts, ts},  ContainerNames{Container::mpeg_ps, "mpeg", mpg, mpg},
    ContainerNames{Container::avi, "avi", avi, avi},       ContainerNames{Container::mpeg_audio, "mp3", mp3, mp3},
    ContainerNames{Container::adts, "aac", aac, aac},      ContainerNames{Container::wav, "wav", wav, wav},
    ContainerNames{Container::flac, "flac", flac, flac},   ContainerNames{Container::ogg, "ogg", ogv, ogg},
    ContainerNames{Container::id3, "", mp3, mp3},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(rows.at(i).container) != i) return false;
    }
    return rows.back().container == Container::id3;
}
static_assert(is_in_order());

}  // namespace

ContainerNames const& names_of(Container container) noexcept { return rows[static_cast<std::size_t>(container)]; }

}  // namespace clinikk::media
