#include <charconv>

#include "api/packaging.hpp"

namespace clinikk::api {
namespace {

/// A number as addresses have it: from 1, in decimal digits without a leading zero, so that each thing has one address.
std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t number = 0;
    auto const end = text.data() + text.size();
    auto const [stop, failure] = std::from_chars(text.data(), end, number);
    bool const is_number = failure == std::errc{} && stop == end && text.front() != '0';
    return is_number ? std::optional(number) : std::nullopt;
}

/// The number in `<prefix><number><suffix>`.
std::optional<std::uint32_t> number_in(std::string_view text, std::string_view prefix, std::string_view suffix) {
    bool const fits = text.size() > prefix.size() + suffix.size() && text.starts_with(prefix) && text.ends_with(suffix);
    if (!fits) return std::nullopt;
    return parse_number(text.substr(prefix.size(), text.size() - prefix.size() - suffix.size()));
}

}  // namespace

Parsed<PlaylistName> PlaylistName::parse(std::string_view text) {
    if (text == "master.m3u8") return PlaylistName({});
    if (auto const track = number_in(text, "", "-iframes.m3u8")) {
        return PlaylistName({Playlist::Kind::key_frames, *track});
    }
    if (auto const track = number_in(text, "", ".m3u8")) return PlaylistName({Playlist::Kind::media, *track});
    return std::string("must be the name of a playlist");
}

ValueSchema PlaylistName::schema() {
    return {.pattern = R"(^(master|[1-9][0-9]*(-iframes)?)\.m3u8$)",
            .description = "`master.m3u8`, the playlist of a track, or that of its key frames",
            .example = "master.m3u8"};
}

Parsed<SegmentFile> SegmentFile::parse(std::string_view text) {
    if (text == "init.mp4") return SegmentFile({});
    if (auto const number = number_in(text, "i", ".m4s")) {
        return SegmentFile({SegmentName::Kind::key_frame, *number});
    }
    if (auto const number = number_in(text, "", ".m4s")) return SegmentFile({SegmentName::Kind::media, *number});
    return std::string("must be the name of a segment");
}

ValueSchema SegmentFile::schema() {
    return {.pattern = R"(^(init\.mp4|i?[1-9][0-9]*\.m4s)$)",
            .description = "`init.mp4`, a segment by its number, or that of a single key frame",
            .example = "init.mp4"};
}

Parsed<TrackId> TrackId::parse(std::string_view text) {
    if (auto const id = parse_number(text)) return TrackId(*id);
    return std::string("must be the id of a track");
}

ValueSchema TrackId::schema() {
    return {.type = ValueSchema::Type::integer, .minimum = 1, .description = "The id of a track", .example = "1"};
}

}  // namespace clinikk::api
