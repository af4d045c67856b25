#include "media/packaging/dash.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "media/packaging/presentation.hpp"

namespace clinikk::media::packaging {
namespace {

/// Text as content of an element or as a value in double quotes.
std::string escaped(std::string_view text) {
    std::string result;
    for (auto const character : printable(text)) {
        switch (character) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += character;
        }
    }
    return result;
}

/// An xs:duration in seconds.
std::string seconds(std::uint64_t microseconds) {
    return fmt::format("PT{}.{:06}S", microseconds / 1'000'000, microseconds % 1'000'000);
}

/// The segments; neighbours of one duration are one `S` with a count (ISO/IEC 23009-1 section 5.3.9.6).
std::string timeline(Track const& track) {
    std::string text;
    std::optional<std::uint64_t> duration;
    std::uint64_t repeats = 0;
    auto const finish = [&] {
        if (!duration) return;
        text += repeats > 0 ? fmt::format(" d=\"{}\" r=\"{}\"/>\n", *duration, repeats)
                            : fmt::format(" d=\"{}\"/>\n", *duration);
    };
    for (auto const& segment : track.segments) {
        auto const [begin, end] = presented_time(segment);
        if (duration == end - begin) {
            ++repeats;
            continue;
        }
        finish();
        text += "            <S";
        if (!duration) text += fmt::format(" t=\"{}\"", begin);
        duration = end - begin;
        repeats = 0;
    }
    finish();
    return text;
}

std::string segment_template(PackagingIndex const& index, Track const& track) {
    auto const address = segments_address(index, "$RepresentationID$");
    return fmt::format(
        "        <SegmentTemplate timescale=\"{}\" startNumber=\"1\" initialization=\"{}init.mp4\""
        " media=\"{}$Number$.m4s\">\n          <SegmentTimeline>\n{}          </SegmentTimeline>\n"
        "        </SegmentTemplate>\n",
        track.timescale, address, address, timeline(track));
}

std::string representation(Track const& track) {
    auto text = fmt::format("        <Representation id=\"{}\" codecs=\"{}\" bandwidth=\"{}\"", track.id,
                            escaped(track.codec), std::max<std::uint32_t>(track.peak_bit_rate, 1));
    if (track.kind == TrackKind::video) {
        if (track.width > 0 && track.height > 0) {
            text += fmt::format(" width=\"{}\" height=\"{}\" sar=\"1:1\"", track.width, track.height);
        }
        if (track.frame_rate_milli > 0) text += fmt::format(" frameRate=\"{}/1000\"", track.frame_rate_milli);
        return text + "/>\n";
    }
    text += fmt::format(" audioSamplingRate=\"{}\"", track.sample_rate);
    if (track.channels == 0) return text + "/>\n";
    return text + fmt::format(
                      ">\n          <AudioChannelConfiguration"
                      " schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{}\"/>\n"
                      "        </Representation>\n",
                      track.channels);
}

/// `details` are elements that stand first.
std::string adaptation_set(PackagingIndex const& index, Track const& track, std::string_view details) {
    std::string_view const kind = track.kind == TrackKind::video ? "video" : "audio";
    auto const language = track.language.empty() ? std::string() : " lang=\"" + escaped(track.language) + '"';
    // A segment that needs pictures of the one before begins with an access point of type 3 (open GOP).
    int const access_point = track.kind == TrackKind::audio || index.independent_segments() ? 1 : 3;
    return fmt::format(
        "      <AdaptationSet id=\"{}\" contentType=\"{}\" mimeType=\"{}/mp4\"{} segmentAlignment=\"true\""
        " startWithSAP=\"{}\">\n{}{}{}      </AdaptationSet>\n",
        track.id, kind, kind, language, access_point, details, segment_template(index, track), representation(track));
}

std::string audio_details(AudioChoice const& choice) {
    return fmt::format(
        "        <Label>{}</Label>\n"
        "        <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{}\"/>\n",
        escaped(choice.name), choice.is_default ? "main" : "alternate");
}

std::uint64_t end_of(Track const& track) {
    return track.segments.empty() ? 0 : to_microseconds(presented_time(track.segments.back()).end, track.timescale);
}

}  // namespace

std::string dash_manifest(PackagingIndex const& index) {
    auto const presentation = present(index);
    std::string sets;
    std::uint64_t end = 0;
    if (presentation.video) {
        auto const& video = index.tracks()[*presentation.video];
        sets += adaptation_set(index, video, "");
        end = end_of(video);
    }
    for (auto const& choice : presentation.audio) {
        auto const& audio = index.tracks()[choice.track];
        sets += adaptation_set(index, audio, audio_details(choice));
        end = std::max(end, end_of(audio));
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\""
        " type=\"static\" mediaPresentationDuration=\"{}\" minBufferTime=\"PT4S\">\n"
        "  <Period id=\"1\" start=\"PT0S\">\n{}  </Period>\n</MPD>\n",
        seconds(end), sets);
}

}  // namespace clinikk::media::packaging
