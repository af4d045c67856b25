#pragma once

#include <string_view>

#include "domain/media_format.hpp"
#include "media/signature.hpp"

namespace clinikk::media {

/// What a container is called, by FFmpeg and in the library.
struct ContainerNames {
    Container container;
    std::string_view demuxer;  ///< FFmpeg's; empty where what stands behind the tags decides
    MediaFormat with_video;
    MediaFormat without_video;
};

/// The names of a container. Each has them. Formats that its bytes alone do not tell apart (QuickTime, WebM, Opus) are
/// left to the caller.
ContainerNames const& names_of(Container container) noexcept;

}  // namespace clinikk::media
