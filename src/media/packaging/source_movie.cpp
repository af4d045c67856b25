#include "media/packaging/source_movie.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/json_text.hpp"
#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"
#include "media/packaging/language.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t max_name = 120;

std::uint32_t u32_at(RandomBytes const& bytes, Extent box, std::uint64_t at) {
    return static_cast<std::uint32_t>(read_number(bytes, box, at, 4));
}

void read_track_header(RandomBytes const& bytes, Extent tkhd, SourceTrack& track) {
    bool const wide = read_number(bytes, tkhd, 0, 1) == 1;
    track.is_enabled = (read_number(bytes, tkhd, 3, 1) & 1) != 0;
    std::uint64_t const matrix = wide ? 52 : 40;
    if (tkhd.size() < matrix + 44) return;  // nothing to show: not video
    for (std::size_t i = 0; i < track.matrix.size(); ++i) track.matrix[i] = u32_at(bytes, tkhd, matrix + 4 * i);
    track.width = u32_at(bytes, tkhd, matrix + 36);
    track.height = u32_at(bytes, tkhd, matrix + 40);
}

void read_edits(RandomBytes const& bytes, Extent elst, SourceTrack& track) {
    bool const wide = read_number(bytes, elst, 0, 1) == 1;
    std::size_t const number = wide ? 8 : 4;
    auto const count = read_number(bytes, elst, 4, 4);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (track.edits.size() == SourceTrack::max_edits) {
            track.has_more_edits = true;
            return;
        }
        auto const at = 8 + i * (2 * number + 4);
        auto const time = read_number(bytes, elst, at + number, number);
        track.edits.push_back({.duration = read_number(bytes, elst, at, number),
                               .media_time = wide ? static_cast<std::int64_t>(time) : static_cast<std::int32_t>(time),
                               .rate = u32_at(bytes, elst, at + 2 * number)});
    }
}

void read_descriptions(RandomBytes const& bytes, Extent stsd, BoxBudget& budget, SourceTrack& track) {
    track.description_version = static_cast<std::uint8_t>(read_number(bytes, stsd, 0, 1));
    auto const count = read_number(bytes, stsd, 4, 4);
    BoxCursor cursor(bytes, {stsd.begin + 8, stsd.end}, budget);
    auto begin = stsd.begin + 8;
    while (track.descriptions.size() < std::min<std::uint64_t>(count, SourceTrack::max_descriptions)) {
        auto const entry = cursor.next();
        if (!entry) return;
        track.descriptions.push_back({begin, entry->payload.end});
        begin = entry->payload.end;
    }
}

void read_sample_table(RandomBytes const& bytes, Extent stbl, BoxBudget& budget, SourceTrack& track) {
    BoxCursor cursor(bytes, stbl, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("stsd") && track.descriptions.empty()) {
            read_descriptions(bytes, box->payload, budget, track);
        }
        if (box->type == four_cc("stss")) track.has_sync_table = true;
    }
}

bool is_plain_text(std::string_view text) {
    auto const is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '"'; };
    return is_utf8(text) && std::ranges::all_of(text, is_plain);
}

// What writers call the handler whatever it handles says nothing about the track.
bool says_something(std::string_view name) {
    for (auto const* const common :
         {"Handler", "handler", "Core Media", "Apple ", "GPAC", "Media Engine", "Mainconcept"}) {
        if (name.find(common) != std::string_view::npos) return false;
    }
    return !name.empty() && is_plain_text(name);
}

// A string that ends with a zero, or of QuickTime: its length first.
std::string handler_name(RandomBytes const& bytes, Extent hdlr) {
    if (hdlr.size() <= 24) return {};
    auto text = read_text(bytes, {hdlr.begin + 24, std::min(hdlr.end, hdlr.begin + 24 + max_name)}, max_name);
    if (static_cast<unsigned char>(text.front()) == text.size() - 1) text.erase(0, 1);
    text.erase(std::min(text.find('\0'), text.size()));
    return says_something(text) ? text : std::string();
}

void read_media(RandomBytes const& bytes, Extent mdia, BoxBudget& budget, SourceTrack& track) {
    std::optional<std::string> extended_language;
    BoxCursor cursor(bytes, mdia, budget);
    while (auto const box = cursor.next()) {
        auto const& payload = box->payload;
        if (box->type == four_cc("mdhd")) {
            bool const wide = read_number(bytes, payload, 0, 1) == 1;
            track.language = language_of(static_cast<std::uint16_t>(read_number(bytes, payload, wide ? 32 : 20, 2)));
        } else if (box->type == four_cc("elng") && payload.size() > 4 && payload.size() < 64) {
            auto tag = read_text(bytes, {payload.begin + 4, payload.end}, 64);
            tag.erase(std::min(tag.find('\0'), tag.size()));
            if (is_language_tag(tag)) extended_language = std::move(tag);
        } else if (box->type == four_cc("hdlr")) {
            if (track.name.empty()) track.name = handler_name(bytes, payload);
        } else if (box->type == four_cc("minf")) {
            BoxCursor information(bytes, payload, budget);
            while (auto const inner = information.next()) {
                if (inner->type == four_cc("stbl")) read_sample_table(bytes, inner->payload, budget, track);
            }
        }
    }
    if (extended_language) track.language = *std::move(extended_language);
}

// The name that an editor gave the track.
void read_user_data(RandomBytes const& bytes, Extent udta, BoxBudget& budget, SourceTrack& track) {
    BoxCursor cursor(bytes, udta, budget);
    while (auto const box = cursor.next()) {
        if (box->type != four_cc("name") || box->payload.size() == 0 || box->payload.size() > max_name) continue;
        auto name = read_text(bytes, box->payload, max_name);
        if (is_plain_text(name)) track.name = std::move(name);
    }
}

void read_track(RandomBytes const& bytes, Extent trak, BoxBudget& budget, SourceTrack& track) {
    BoxCursor cursor(bytes, trak, budget);
    std::optional<Extent> user_data;
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("tkhd")) {
            read_track_header(bytes, box->payload, track);
        } else if (box->type == four_cc("mdia")) {
            read_media(bytes, box->payload, budget, track);
        } else if (box->type == four_cc("udta")) {
            user_data = box->payload;
        } else if (box->type == four_cc("edts")) {
            BoxCursor edits(bytes, box->payload, budget);
            while (auto const inner = edits.next()) {
                if (inner->type == four_cc("elst")) read_edits(bytes, inner->payload, track);
            }
        }
    }
    if (user_data) read_user_data(bytes, *user_data, budget, track);
}

void read_fragment_defaults(RandomBytes const& bytes, Extent mvex, BoxBudget& budget, SourceMovie& movie) {
    BoxCursor cursor(bytes, mvex, budget);
    while (auto const box = cursor.next()) {
        if (box->type != four_cc("trex")) continue;
        auto const id = u32_at(bytes, box->payload, 4);
        for (auto& track : movie.tracks) {
            if (track.index.id != id) continue;
            track.fragment_description = u32_at(bytes, box->payload, 8);
            track.fragment_sample_flags = u32_at(bytes, box->payload, 20);
            break;
        }
    }
}

}  // namespace

std::string read_text(RandomBytes const& bytes, Extent part, std::size_t limit) {
    if (part.size() > limit) throw DamagedIndex();
    std::string text(static_cast<std::size_t>(part.size()), '\0');
    bytes.read_at(part.begin, text);
    return text;
}

SourceMovie read_source_movie(RandomBytes const& bytes, Extent movie) {
    auto index = read_movie_index(bytes, movie);
    if (index.has_error()) throw DamagedIndex();
    SourceMovie source{.timescale = index->timescale, .is_fragmented = index->fragmented};
    for (auto const& track : index->tracks) source.tracks.push_back({.index = track});

    BoxBudget budget;
    std::size_t track = 0;
    BoxCursor cursor(bytes, movie, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("trak")) read_track(bytes, box->payload, budget, source.tracks.at(track++));
    }
    BoxCursor again(bytes, movie, budget);
    while (auto const box = again.next()) {
        if (box->type == four_cc("mvex")) read_fragment_defaults(bytes, box->payload, budget, source);
    }
    return source;
}

}  // namespace clinikk::media::packaging
