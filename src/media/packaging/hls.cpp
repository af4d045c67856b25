#include "media/packaging/hls.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "media/packaging/bit_rates.hpp"
#include "media/packaging/media_segment.hpp"
#include "media/packaging/presentation.hpp"

namespace clinikk::media::packaging {
namespace {

/// A line of a playlist with segments: how long one lasts, and where it is.
struct Entry {
    std::uint64_t duration = 0;  ///< microseconds
    std::string address{};
};

constexpr std::uint64_t second = 1'000'000;

/// Players look for a place by key frames. More than these help nobody, and each takes two lines of the playlist.
constexpr std::uint64_t max_key_frames = 20'000;
constexpr std::uint32_t max_key_frames_of_segment = 240;

/// Text in quotes (RFC 8216 section 4.2: neither line breaks nor quotes).
std::string quoted_string(std::string_view text) {
    auto value = printable(text);
    std::ranges::replace(value, '"', '\'');
    return '"' + value + '"';
}

/// EXT-X-TARGETDURATION: no duration, rounded to the nearest integer, is longer (RFC 8216 section 4.3.3.1).
std::uint64_t target_seconds(std::vector<Entry> const& entries) {
    std::uint64_t longest = 0;
    for (auto const& entry : entries) longest = std::max(longest, entry.duration);
    return std::max<std::uint64_t>((longest + second / 2) / second, 1);
}

std::string write_playlist(PackagingIndex const& index, Track const& track, std::vector<Entry> const& entries,
                           std::string_view more_tags) {
    auto const address = segments_address(index, std::to_string(track.id));
    auto text = fmt::format(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-PLAYLIST-TYPE:VOD\n{}{}"
        "#EXT-X-MAP:URI=\"{}init.mp4\"\n",
        target_seconds(entries), more_tags, index.independent_segments() ? "#EXT-X-INDEPENDENT-SEGMENTS\n" : "",
        address);
    text.reserve(text.size() + entries.size() * (address.size() + 36));
    for (auto const& [duration, name] : entries) {
        fmt::format_to(std::back_inserter(text), "#EXTINF:{}.{:06},\n{}{}\n", duration / second, duration % second,
                       address, name);
    }
    return text + "#EXT-X-ENDLIST\n";
}

/// From one rounded time to the other, so that rounding never adds up.
std::uint64_t microseconds_between(std::uint64_t begin, std::uint64_t end, std::uint32_t timescale) {
    return to_microseconds(end, timescale) - to_microseconds(begin, timescale);
}

/// All key frames of a track.
Result<std::vector<KeyFrame>> key_frames(PackagingIndex const& index, std::size_t track) {
    auto const& described = index.tracks()[track];
    std::vector<KeyFrame> all;
    for (std::size_t i = 0; i < described.segments.size(); ++i) {
        auto const samples = index.samples(track, i);
        if (!samples) return samples.error();
        std::ranges::move(find_key_frames(described, described.segments[i], *samples), std::back_inserter(all));
    }
    return all;
}

/// Bits a second.
struct Rates {
    std::uint64_t peak = 0;
    std::uint64_t average = 0;
};

/// Audio tracks of one codec: what a player that plays one of them can change to.
struct AudioGroup {
    std::string id{};
    std::vector<AudioChoice const*> choices{};  ///< the first is the default
    Rates rates{};                              ///< the largest of its tracks
};

std::vector<AudioGroup> group_by_codec(PackagingIndex const& index, std::vector<AudioChoice> const& choices) {
    std::vector<AudioGroup> groups;
    for (auto const& choice : choices) {
        auto const& track = index.tracks()[choice.track];
        auto const id = track.codec.substr(0, track.codec.find('.'));
        auto group = std::ranges::find(groups, id, &AudioGroup::id);
        if (group == groups.end()) group = groups.insert(groups.end(), {.id = id});
        group->choices.insert(choice.is_default ? group->choices.begin() : group->choices.end(), &choice);
        group->rates.peak = std::max<std::uint64_t>(group->rates.peak, track.peak_bit_rate);
        group->rates.average = std::max<std::uint64_t>(group->rates.average, track.average_bit_rate);
        if (choice.is_default) std::rotate(groups.begin(), group, group + 1);
    }
    return groups;
}

/// EXT-X-MEDIA for each track of a group. `in_variant` is in the variant's own playlist and so has no address.
std::string media_tags(PackagingIndex const& index, AudioGroup const& group, AudioChoice const* in_variant) {
    std::string text;
    std::vector<std::string_view> languages;
    for (auto const* choice : group.choices) {
        auto const& track = index.tracks()[choice->track];
        // Of several tracks in a language a player must not pick one by itself, or it could not tell which.
        bool const is_first = std::ranges::find(languages, track.language) == languages.end();
        languages.emplace_back(track.language);
        fmt::format_to(std::back_inserter(text), "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID={},NAME={}", quoted_string(group.id),
                       quoted_string(choice->name));
        if (!track.language.empty()) text += ",LANGUAGE=" + quoted_string(track.language);
        text += choice == group.choices.front() ? ",DEFAULT=YES" : ",DEFAULT=NO";
        text += is_first ? ",AUTOSELECT=YES" : ",AUTOSELECT=NO";
        if (track.channels > 0) text += fmt::format(",CHANNELS=\"{}\"", track.channels);
        if (choice != in_variant) text += fmt::format(",URI=\"{}.m3u8\"", track.id);
        text += '\n';
    }
    return text;
}

std::string codecs(PackagingIndex const& index, Track const* video, AudioGroup const* audio) {
    std::vector<std::string> all;
    auto const add = [&all](std::string const& codec) {
        if (std::ranges::find(all, codec) == all.end()) all.push_back(codec);
    };
    if (video != nullptr) add(video->codec);
    if (audio != nullptr) {
        for (auto const* choice : audio->choices) add(index.tracks()[choice->track].codec);
    }
    return quoted_string(fmt::format("{}", fmt::join(all, ",")));
}

std::string resolution(Track const& track) {
    return track.width == 0 || track.height == 0 ? std::string()
                                                 : fmt::format(",RESOLUTION={}x{}", track.width, track.height);
}

/// EXT-X-STREAM-INF and its address. `audio` is a group of its own where there is something to choose or to add.
std::string variant(PackagingIndex const& index, Track const* video, AudioGroup const* audio, bool names_group) {
    auto rates = audio != nullptr ? audio->rates : Rates{};
    if (video != nullptr) {
        rates.peak += video->peak_bit_rate;
        rates.average += video->average_bit_rate;
    }
    auto text = fmt::format("#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS={}", rates.peak, rates.average,
                            codecs(index, video, audio));
    if (video != nullptr) {
        text += resolution(*video);
        if (video->frame_rate_milli > 0) {
            text += fmt::format(",FRAME-RATE={}.{:03}", video->frame_rate_milli / 1000, video->frame_rate_milli % 1000);
        }
    }
    if (names_group) text += ",AUDIO=" + quoted_string(audio->id);
    auto const& played = video != nullptr ? *video : index.tracks()[audio->choices.front()->track];
    return text + fmt::format("\n{}.m3u8\n", played.id);
}

Result<std::string> key_frame_variant(PackagingIndex const& index, std::size_t track) {
    auto const frames = key_frames(index, track);
    if (!frames) return frames.error();
    auto const& video = index.tracks()[track];
    BitRates rates(video.timescale);
    for (auto const& frame : *frames) rates.add(key_frame_segment_size(video, frame), frame.duration);
    return fmt::format(
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS={}{},URI=\"{}-iframes.m3u8\"\n",
        rates.peak(), rates.average(), quoted_string(video.codec), resolution(video), video.id);
}

}  // namespace

bool has_key_frame_playlist(Track const& track) noexcept {
    if (track.kind != TrackKind::video) return false;
    std::uint64_t count = 0;
    bool has_others = false;
    for (auto const& segment : track.segments) {
        if (segment.key_frames > max_key_frames_of_segment) return false;
        count += segment.key_frames;
        has_others = has_others || segment.key_frames < segment.samples;
    }
    return has_others && count <= max_key_frames;
}

Result<std::string> master_playlist(PackagingIndex const& index) {
    auto const presentation = present(index);
    auto const groups = group_by_codec(index, presentation.audio);
    auto const* const video = presentation.video ? &index.tracks()[*presentation.video] : nullptr;
    std::string text = "#EXTM3U\n#EXT-X-VERSION:7\n";
    if (index.independent_segments()) text += "#EXT-X-INDEPENDENT-SEGMENTS\n";
    std::string variants = groups.empty() && video != nullptr ? variant(index, video, nullptr, false) : std::string();
    for (auto const& group : groups) {
        bool const names_group = video != nullptr || group.choices.size() > 1;
        if (names_group) text += media_tags(index, group, video == nullptr ? group.choices.front() : nullptr);
        variants += variant(index, video, &group, names_group);
    }
    text += variants;
    if (video == nullptr || !has_key_frame_playlist(*video)) return text;
    auto const key_frames = key_frame_variant(index, *presentation.video);
    if (!key_frames) return key_frames.error();
    return text + *key_frames;
}

std::string media_playlist(PackagingIndex const& index, std::size_t track) {
    auto const& described = index.tracks()[track];
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < described.segments.size(); ++i) {
        auto const begin = playlist_time(described, i);
        auto const end = playlist_time(described, i + 1);
        entries.push_back({.duration = microseconds_between(begin, end, described.timescale),
                           .address = fmt::format("{}.m4s", i + 1)});
    }
    return write_playlist(index, described, entries, "");
}

Result<std::string> key_frame_playlist(PackagingIndex const& index, std::size_t track) {
    if (track >= index.tracks().size() || !has_key_frame_playlist(index.tracks()[track])) {
        return Error(ErrorCode::not_found);
    }
    auto const frames = key_frames(index, track);
    if (!frames) return frames.error();
    auto const& described = index.tracks()[track];
    std::vector<Entry> entries;
    for (auto const& frame : *frames) {
        auto const begin = static_cast<std::uint64_t>(std::max<std::int64_t>(frame.start, 0));
        entries.push_back({.duration = microseconds_between(begin, begin + frame.duration, described.timescale),
                           .address = fmt::format("i{}.m4s", entries.size() + 1)});
    }
    return write_playlist(index, described, entries, "#EXT-X-I-FRAMES-ONLY\n");
}

}  // namespace clinikk::media::packaging
