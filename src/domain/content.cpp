#include "domain/content.hpp"

namespace clinikk {
namespace {

std::optional<std::string> unless_empty(std::string const& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

SourceMembers source_members(SourceFacts const& facts) {
    MediaFacts const media = facts.media.value_or(MediaFacts{});
    SourceMembers members;
    members.media_type = unless_empty(media.media_type);
    members.size = static_cast<std::int64_t>(facts.size);
    members.sha256 = facts.sha256;
    members.duration_ms = media.duration_ms;
    members.width = media.width;
    members.height = media.height;
    members.video_codec = unless_empty(media.video_codec);
    members.audio_codec = unless_empty(media.audio_codec);
    members.bit_rate = media.bit_rate;
    members.truncated = media.truncated;
    if (facts.packaging) {
        members.packaging = facts.packaging->packaging;
        members.packaging_reason = unless_empty(facts.packaging->reason);
    }
    return members;
}

}  // namespace clinikk
