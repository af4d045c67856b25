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

/// Returns ffprobe's arguments, without the program's name, for a file that is open as descriptor 3 of the sandbox.
/// Supports FFmpeg 5.1 to 7.1 (Debian 12 and 13). The arguments allow only the demuxer of `container` and the protocol
/// `file`.
std::vector<std::string> ffprobe_arguments(Container container);

/// A track as ffprobe reports it.
struct ProbedStream {
    std::string type;      ///< `video`, `audio`, `subtitle`, `data`, …
    std::string codec;     ///< empty when ffprobe does not know it
    bool picture = false;  ///< a cover or a thumbnail track instead of moving pictures
    bool encrypted = false;
    std::int64_t width = 0;  ///< pixels as displayed; 0 when unknown
    std::int64_t height = 0;
    std::optional<std::int64_t> duration_ms{};
};

/// ffprobe's report.
struct ProbeReport {
    std::string format;       ///< the demuxer's name: `mov,mp4,m4a,3gp,3g2,mj2`
    std::string major_brand;  ///< of ISO media; four characters
    std::optional<std::int64_t> start_ms{};
    std::optional<std::int64_t> duration_ms{};
    std::optional<std::int64_t> bit_rate{};
    std::vector<ProbedStream> streams{};
};

/// Reads the JSON that ffprobe prints. Implausible numbers are dropped. Empty when `json` is not a report of
/// ffprobe.
std::optional<ProbeReport> read_probe_report(std::string_view json);

/// The facts about a file that do not come from ffprobe's report.
struct MediaContext {
    Container container = Container::iso_media;
    bool webm = false;       ///< the DocType of a Matroska file
    std::uint64_t size = 0;  ///< bytes
    Walked walked{};
};

/// Checks a file against the kind that its editor stated and returns its media facts. `video` requires moving pictures;
/// `audio` requires sound and no moving pictures (covers do not count). Errors: `media_kind_mismatch`,
/// `media_unsupported`.
Result<MediaFacts> judge_media(ProbeReport const& report, MediaContext const& context, ContentKind stated);

}  // namespace clinikk::media
