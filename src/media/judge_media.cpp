// From ffprobe's report to the verdict.
#include <algorithm>

#include "media/container_names.hpp"
#include "media/ffprobe.hpp"

namespace clinikk::media {
namespace {

struct Tracks {
    ProbedStream const* video = nullptr;
    ProbedStream const* audio = nullptr;
    bool encrypted = false;
    bool unknown_video = false;  ///< moving pictures that cannot be decoded
    bool unknown_audio = false;
};

Tracks choose_tracks(ProbeReport const& report) {
    Tracks tracks;
    for (auto const& stream : report.streams) {
        if (stream.type == "video" && !stream.picture) {
            tracks.encrypted |= stream.encrypted;
            bool const playable = !stream.codec.empty() && stream.width > 0 && stream.height > 0;
            if (playable && tracks.video == nullptr) tracks.video = &stream;
            tracks.unknown_video |= !playable;
        } else if (stream.type == "audio") {
            tracks.encrypted |= stream.encrypted;
            if (!stream.codec.empty() && tracks.audio == nullptr) tracks.audio = &stream;
            tracks.unknown_audio |= stream.codec.empty();
        }
    }
    return tracks;
}

std::optional<Error> refuse(Tracks const& tracks, ContentKind stated) {
    if (tracks.encrypted) {
        return Error(ErrorCode::media_unsupported, "The file is encrypted (DRM): nobody could play it from here.");
    }
    if (stated == ContentKind::video) {
        if (tracks.video != nullptr) return std::nullopt;
        if (tracks.unknown_video) {
            return Error(ErrorCode::media_unsupported, "The video track is in a codec that the service does not know.");
        }
        return Error(ErrorCode::media_kind_mismatch,
                     tracks.audio != nullptr
                         ? "The content_type is video, but the file has only audio. Upload it with content_type audio."
                         : "The content_type is video, but the file has no video track.");
    }
    if (tracks.video != nullptr || tracks.unknown_video) {
        return Error(ErrorCode::media_kind_mismatch,
                     "The content_type is audio, but the file has moving pictures. Upload it with content_type video, "
                     "or only its audio track.");
    }
    if (tracks.audio != nullptr) return std::nullopt;
    if (tracks.unknown_audio) {
        return Error(ErrorCode::media_unsupported, "The audio track is in a codec that the service does not know.");
    }
    return Error(ErrorCode::media_kind_mismatch, "The content_type is audio, but the file has no audio track.");
}

MediaFormat format_of(Container container, ProbeReport const& report, MediaContext const& context,
                      Tracks const& tracks) {
    using namespace media_format;
    bool const video = tracks.video != nullptr;
    bool const quicktime = report.major_brand.empty() || report.major_brand.starts_with("qt");
    if (container == Container::iso_media && quicktime) return mov;
    if (container == Container::matroska && context.webm) return video ? webm : webm_audio;
    if (container == Container::ogg && !video && tracks.audio->codec == "opus") return opus;
    auto const& names = names_of(container);
    return video ? names.with_video : names.without_video;
}

std::optional<std::int64_t> duration_of(ProbeReport const& report, MediaContext const& context) {
    auto const& walked = context.walked;
    if (walked.duration_ms) return walked.duration_ms;
    auto duration = report.duration_ms;
    for (auto const& stream : report.streams) {
        if (!report.duration_ms && !stream.picture) duration = std::max(duration, stream.duration_ms);
    }
    // ffprobe sees only the units at the beginning.
    if (walked.end_ms) {
        auto const length = *walked.end_ms - report.start_ms.value_or(0);
        if (length > 0) duration = std::max(duration, std::optional(length));
    }
    return duration;
}

std::optional<std::int64_t> bit_rate_of(MediaContext const& context, std::optional<std::int64_t> duration_ms) {
    auto const& walked = context.walked;
    auto const bytes = walked.end > walked.begin ? walked.end - walked.begin : context.size;
    if (!duration_ms || *duration_ms <= 0 || bytes == 0) return std::nullopt;
    auto const rate = static_cast<long double>(bytes) * 8000 / static_cast<long double>(*duration_ms);
    return rate < 1 || rate > 1e12L ? std::nullopt : std::optional(static_cast<std::int64_t>(rate));
}

}  // namespace

Result<MediaFacts> judge_media(ProbeReport const& report, MediaContext const& context, ContentKind stated) {
    auto tracks = choose_tracks(report);
    tracks.encrypted |= context.walked.encrypted;
    if (auto refusal = refuse(tracks, stated)) return std::move(*refusal);
    auto const naming = format_of(context.container, report, context, tracks);

    MediaFacts facts;
    facts.media_type = naming.media_type;
    facts.extension = naming.extension;
    facts.duration_ms = duration_of(report, context);
    facts.truncated = context.walked.truncated;
    // The value of ffprobe follows from its own duration.
    facts.bit_rate = facts.duration_ms == report.duration_ms && report.bit_rate
                         ? report.bit_rate
                         : bit_rate_of(context, facts.duration_ms);
    if (tracks.video != nullptr) {
        facts.width = tracks.video->width;
        facts.height = tracks.video->height;
        facts.video_codec = tracks.video->codec;
    }
    if (tracks.audio != nullptr) facts.audio_codec = tracks.audio->codec;
    return facts;
}

}  // namespace clinikk::media
