#pragma once

#include <string_view>

#include "domain/media_format.hpp"
#include "media/signature.hpp"

namespace clinikk::media {

/// The names of a container in FFmpeg and in the library.
struct ContainerNames {
    Container container;
    std::string_view demuxer;  ///< FFmpeg's name; empty when the format after the tags decides
    MediaFormat with_video;
    MediaFormat without_video;
};

/// Returns the names of a container; every container has them. The caller distinguishes formats that the container
/// alone does not determine (QuickTime, WebM, Opus).
ContainerNames const& names_of(Container container) noexcept;

}  // namespace clinikk::media
