#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/media.hpp"
#include "media/format_walker.hpp"
#include "media/signature.hpp"

namespace clinikk::media {

/// ffprobe's arguments, without its name, for a file that is open as descriptor 3 of the sandbox. Written for
/// FFmpeg 5.1 to 7.1 (Debian 12 and 13). Only the demuxer of `container` and no protocol but `file` may be used.
std::vector<std::string> ffprobe_arguments(Container container);

/// A track as ffprobe reports it.
struct ProbedStream {
    std::string type;      ///< `video`, `audio`, `subtitle`, `data`, …
    std::string codec;     ///< empty when ffprobe does not know it
    bool picture = false;  ///< a cover or thumbnails, not moving pictures
    bool encrypted = false;
    std::int64_t width = 0;  ///< pixels as displayed; 0 when unknown
    std::int64_t height = 0;
    std::optional<std::int64_t> duration_ms{};
};

/// ffprobe's report.
struct ProbeReport {
    std::string format;       ///< its demuxer: `mov,mp4,m4a,3gp,3g2,mj2`
    std::string major_brand;  ///< of ISO media; four characters
    std::optional<std::int64_t> start_ms{};
    std::optional<std::int64_t> duration_ms{};
    std::optional<std::int64_t> bit_rate{};
    std::vector<ProbedStream> streams{};
};

/// Reads the JSON that ffprobe prints. Numbers out of all proportion are dropped. Empty when it is not such JSON.
std::optional<ProbeReport> read_probe_report(std::string_view json);

/// What is known of the file besides ffprobe's report.
struct MediaContext {
    Container container = Container::iso_media;
    bool webm = false;       ///< the DocType of a Matroska file
    std::uint64_t size = 0;  ///< bytes
    Walked walked{};
};

/// Whether the file is what its editor says, and what it is. `video` needs moving pictures; `audio` needs sound and
/// no moving pictures (covers do not count). Errors: `media_kind_mismatch`, `media_unsupported`.
Result<MediaFacts> judge_media(ProbeReport const& report, MediaContext const& context, ContentKind stated);

}  // namespace clinikk::media
