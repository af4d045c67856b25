#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unit/media/boxes.hpp"

/// Movies written by hand, for tests of packaging.
namespace clinikk::media::packaging::movies {

using boxes::box;
using boxes::full_box;
using boxes::u32;
using boxes::u64;

inline std::string u16(std::uint64_t value) { return u32(value).substr(2); }
inline std::string zeros(std::size_t count) { return std::string(count, '\0'); }
inline std::string bytes(std::initializer_list<unsigned> values) {
    std::string text;
    for (auto const value : values) text += static_cast<char>(value);
    return text;
}

inline std::string const avcc = box("avcC", bytes({1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 0x64, 1, 0, 1, 0x68}));

inline std::string video_entry(std::string_view type = "avc1", std::string_view boxes = avcc, std::uint32_t width = 160,
                               std::uint32_t height = 120) {
    return box(type, zeros(6) + u16(1) + zeros(16) + u16(width) + u16(height) + u32(0x480000) + u32(0x480000) +
                         zeros(4) + u16(1) + zeros(32) + u16(24) + u16(0xffff) + std::string(boxes));
}

inline std::string descriptor(unsigned tag, std::string_view content) {
    return bytes({tag, static_cast<unsigned>(content.size())}) + std::string(content);
}

/// `config` is an AudioSpecificConfig: AAC LC, 48 kHz, stereo.
inline std::string esds(std::string_view config = "\x11\x90", unsigned kind = 0x40) {
    auto const decoder = descriptor(4, bytes({kind, 0x15}) + zeros(11) + descriptor(5, config));
    return full_box("esds", descriptor(3, u16(1) + zeros(1) + decoder + descriptor(6, "\x02")));
}

inline std::string audio_entry(std::string_view type = "mp4a", std::string_view boxes = esds(), unsigned channels = 2,
                               std::uint32_t rate = 48000) {
    return box(
        type, zeros(6) + u16(1) + zeros(8) + u16(channels) + u16(16) + zeros(4) + u32(rate << 16) + std::string(boxes));
}

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
using Numbers = std::vector<std::uint64_t>;

inline std::string table(std::string_view type, Numbers const& entries) {
    std::string payload = u32(entries.size());
    for (auto const entry : entries) payload += u32(entry);
    return full_box(type, payload);
}

inline std::string table(std::string_view type, Pairs const& entries) {
    std::string payload = u32(entries.size());
    for (auto const& [first, second] : entries) payload += u32(first) + u32(second);
    return full_box(type, payload);
}

struct TestEdit {
    std::uint64_t duration = 0;
    std::int64_t media_time = 0;
    std::uint32_t rate = 0x10000;
};

/// A track whose samples are in one chunk for each 10 of them, or at given places.
struct TestTrack {
    std::string handler = "vide";
    std::uint32_t id = 1;
    std::uint32_t timescale = 1000;
    std::uint32_t flags = 3;
    std::string entry = video_entry();
    Pairs durations{};    ///< count, duration
    Pairs composition{};  ///< count, offset
    Numbers sync{};       ///< empty: no table
    Numbers sizes{};
    std::vector<TestEdit> edits{};
    std::array<std::uint32_t, 9> matrix{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
    std::uint32_t language = 0x55c4;
    std::string more{};  ///< boxes at the end of the sample table
    Numbers chunks{};    ///< offsets; made by `file` when empty
    std::string stsc = full_box("stsc", u32(1) + u32(1) + u32(10) + u32(1));
    std::string stsz{};  ///< instead of the one for `sizes`
};

inline std::string edit_list(std::vector<TestEdit> const& edits) {
    std::string payload = u32(edits.size());
    for (auto const& edit : edits)
        payload += u32(edit.duration) + u32(static_cast<std::uint64_t>(edit.media_time)) + u32(edit.rate);
    return box("edts", full_box("elst", payload));
}

inline std::string sample_table(TestTrack const& track) {
    std::string boxes = full_box("stsd", u32(1) + track.entry) + table("stts", track.durations);
    if (!track.composition.empty()) boxes += table("ctts", track.composition);
    if (!track.sync.empty()) boxes += table("stss", track.sync);
    std::string sizes = u32(0) + u32(track.sizes.size());
    for (auto const size : track.sizes) sizes += u32(size);
    boxes += track.stsz.empty() ? full_box("stsz", sizes) : track.stsz;
    return box("stbl", boxes + track.stsc + table("stco", track.chunks) + track.more);
}

inline std::string trak(TestTrack const& track) {
    std::string matrix;
    for (auto const value : track.matrix) matrix += u32(value);
    auto const tkhd = box("tkhd", u32(track.flags) + zeros(8) + u32(track.id) + zeros(8) + zeros(16) + matrix +
                                      u32(160 << 16) + u32(120 << 16));
    auto const mdhd = full_box("mdhd", zeros(8) + u32(track.timescale) + u32(0) + u16(track.language) + u16(0));
    auto const hdlr = full_box("hdlr", u32(0) + track.handler + zeros(12) + "VideoHandler" + zeros(1));
    auto const edts = track.edits.empty() ? std::string() : edit_list(track.edits);
    return box("trak", tkhd + edts + box("mdia", mdhd + hdlr + box("minf", sample_table(track))));
}

inline std::string movie(std::vector<TestTrack> const& tracks, std::string_view more = {},
                         std::uint32_t timescale = 1000) {
    std::string boxes = full_box("mvhd", zeros(8) + u32(timescale) + u32(0) + zeros(80));
    for (auto const& track : tracks) boxes += trak(track);
    return box("moov", boxes + std::string(more));
}

inline std::string const ftyp = box("ftyp", "isom" + u32(0) + "isom");

/// A file with its media in front: chunks of ten samples, those of the tracks by turns.
inline std::string file(std::vector<TestTrack> tracks, std::string_view more = {}) {
    std::vector<std::size_t> next(tracks.size());
    std::uint64_t at = ftyp.size() + 8;
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (std::size_t i = 0; i < tracks.size(); ++i) {
            auto const& sizes = tracks[i].sizes;
            if (next[i] >= sizes.size()) continue;
            tracks[i].chunks.push_back(at);
            for (std::size_t n = 0; n < 10 && next[i] < sizes.size(); ++n) at += sizes[next[i]++];
            goes_on = true;
        }
    }
    return ftyp + box("mdat", zeros(at - ftyp.size() - 8)) + movie(tracks, more);
}

/// 25 pictures a second, a key frame every `gop`.
inline TestTrack video(std::size_t count, std::size_t gop = 50) {
    TestTrack track{.timescale = 25};
    track.durations = {{count, 1}};
    for (std::size_t i = 0; i < count; ++i) {
        if (i % gop == 0) track.sync.push_back(i + 1);
        track.sizes.push_back(i % gop == 0 ? 900 : 100 + i % 7);
    }
    return track;
}

/// AAC at 48 kHz.
inline TestTrack audio(std::size_t count, std::uint32_t id = 2) {
    TestTrack track{.handler = "soun", .id = id, .timescale = 48000, .entry = audio_entry()};
    track.durations = {{count, 1024}};
    for (std::size_t i = 0; i < count; ++i) track.sizes.push_back(20 + i % 3);
    return track;
}

/// `mvex` of one track: a sample lasts one unit and is no sync sample unless it says so.
inline std::string fragment_defaults(std::uint32_t id = 1) {
    return box("mvex", full_box("trex", u32(id) + u32(1) + u32(1) + u32(0) + u32(0x0101'0000)));
}

/// `moof` and `mdat` of one track: the first sample is a sync sample.
inline std::string fragment(std::uint64_t decode_time, Numbers const& sizes, std::uint32_t id = 1) {
    std::string entries;
    std::uint64_t bytes = 0;
    for (auto const size : sizes) {
        entries += u32(size);
        bytes += size;
    }
    auto const moof = [&](std::uint64_t offset) {
        auto const trun = box("trun", u32(0x205) + u32(sizes.size()) + u32(offset) + u32(0x0200'0000) + entries);
        auto const tfhd = box("tfhd", u32(0x2'0000) + u32(id));
        auto const tfdt = box("tfdt", u32(0x0100'0000) + u64(decode_time));
        return box("moof", full_box("mfhd", u32(1)) + box("traf", tfhd + tfdt + trun));
    };
    return moof(moof(0).size() + 8) + box("mdat", zeros(bytes));
}

}  // namespace clinikk::media::packaging::movies
