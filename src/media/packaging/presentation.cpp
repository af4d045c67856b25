#include "media/packaging/presentation.hpp"

#include <algorithm>

#include "domain/unicode.hpp"

namespace clinikk::media::packaging {
namespace {

std::string choose_name(Track const& track, std::vector<AudioChoice> const& others) {
    auto name = printable(track.name);
    if (name.empty()) name = printable(track.language);
    if (name.empty()) name = "Audio";
    auto const is_taken = [&others](std::string const& candidate) {
        return std::ranges::find(others, candidate, &AudioChoice::name) != others.end();
    };
    auto candidate = name;
    for (std::size_t number = 2; is_taken(candidate); ++number) candidate = name + ' ' + std::to_string(number);
    return candidate;
}

}  // namespace

std::optional<std::size_t> find_track(PackagingIndex const& index, std::uint32_t id) noexcept {
    auto const tracks = index.tracks();
    auto const found = std::ranges::find(tracks, id, &Track::id);
    if (found == tracks.end()) return std::nullopt;
    return static_cast<std::size_t>(found - tracks.begin());
}

Presentation present(PackagingIndex const& index) {
    Presentation presentation;
    auto const tracks = index.tracks();
    std::optional<std::size_t> preferred;
    for (std::size_t i = 0; i < tracks.size(); ++i) {
        if (tracks[i].kind == TrackKind::video) {
            if (!presentation.video) presentation.video = i;
            continue;
        }
        if (tracks[i].is_default && !preferred) preferred = presentation.audio.size();
        presentation.audio.push_back({.track = i, .name = choose_name(tracks[i], presentation.audio)});
    }
    if (!presentation.audio.empty()) presentation.audio[preferred.value_or(0)].is_default = true;
    return presentation;
}

PresentedTime presented_time(Segment const& segment) noexcept {
    auto const end = segment.start + static_cast<std::int64_t>(segment.duration);
    auto const from_zero = [](std::int64_t time) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(time, 0));
    };
    return {.begin = from_zero(segment.start), .end = from_zero(end)};
}

std::uint64_t playlist_time(Track const& track, std::size_t segment) noexcept {
    auto const& segments = track.segments;
    auto const decoded = [&segments](std::size_t i) { return segments[i].decode_time - segments[0].decode_time; };
    if (segment < segments.size()) return decoded(segment);
    if (segments.empty()) return 0;
    auto const shown = presented_time(segments.back()).end - presented_time(segments.front()).begin;
    return std::max(shown, decoded(segments.size() - 1) + 1);
}

std::uint64_t to_microseconds(std::uint64_t time, std::uint32_t timescale) noexcept {
    constexpr std::uint64_t second = 1'000'000;
    return time / timescale * second + (time % timescale * second + timescale / 2) / timescale;
}

std::string segments_address(PackagingIndex const& index, std::string_view track) {
    return "../segments/" + index.digest() + '/' + std::string(track) + '/';
}

std::string printable(std::string_view text) {
    auto const normal = to_nfc(text);
    if (!normal) return {};
    std::string result;
    for (std::string_view rest(*normal); !rest.empty();) {
        auto const before = rest;
        auto const character = take_code_point(rest);
        bool const is_forbidden =
            character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0xfffe || character == 0xffff;
        if (!is_forbidden) result += before.substr(0, before.size() - rest.size());
    }
    return result;
}

}  // namespace clinikk::media::packaging
