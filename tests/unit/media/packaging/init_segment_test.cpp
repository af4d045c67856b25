#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <variant>

#include "media/packaging/make_index.hpp"
#include "media/packaging/packaging_index.hpp"
#include "unit/media/packaging/movies.hpp"

namespace clinikk::media::packaging {
namespace {

using namespace movies;

std::string init_of(TestTrack const& track) {
    auto const file = movies::file({track});
    auto const outcome = make_index(MemoryBytes(file), {.size = file.size()});
    return PackagingIndex::parse(std::get<BuiltIndex>(outcome).bytes).value()->tracks()[0].init;
}

std::string const unity = u32(0x10000) + zeros(12) + u32(0x10000) + zeros(12) + u32(0x40000000);

/// The parts of an init segment that differ.
struct Parts {
    std::uint32_t id = 1;
    std::uint32_t volume = 0;
    std::string matrix = unity;
    std::string size = u32(160 << 16) + u32(120 << 16);
    std::string elst = full_box("elst", u32(1) + u32(0) + u32(0) + u32(0x10000));
    std::uint32_t timescale = 25;
    std::uint32_t language = 0x55c4;
    std::string handler = "vide";
    std::string name = "Video";
    std::string header = box("vmhd", u32(1) + zeros(8));
    std::string entry = video_entry();
    std::string defaults = u32(1) + u32(0) + u32(0x0101'0000);
};

std::string expected(Parts const& parts) {
    auto const mvhd = full_box("mvhd", zeros(8) + u32(1000) + u32(0) + u32(0x10000) + u16(0x100) + zeros(10) + unity +
                                           zeros(24) + u32(parts.id + 1));
    auto const tkhd = box("tkhd", u32(7) + zeros(8) + u32(parts.id) + zeros(16) + zeros(4) + u16(parts.volume) +
                                      zeros(2) + parts.matrix + parts.size);
    auto const mdhd = full_box("mdhd", zeros(8) + u32(parts.timescale) + u32(0) + u16(parts.language) + u16(0));
    auto const hdlr = full_box("hdlr", u32(0) + parts.handler + zeros(12) + parts.name + zeros(1));
    auto const dinf = box("dinf", full_box("dref", u32(1) + box("url ", u32(1))));
    auto const stbl =
        box("stbl", full_box("stsd", u32(1) + parts.entry) + full_box("stts", u32(0)) + full_box("stsc", u32(0)) +
                        full_box("stsz", u32(0) + u32(0)) + full_box("stco", u32(0)));
    auto const mdia = box("mdia", mdhd + hdlr + box("minf", parts.header + dinf + stbl));
    auto const trex = full_box("trex", u32(parts.id) + u32(1) + parts.defaults);
    return box("ftyp", "iso6" + u32(0) + "iso6cmfc") +
           box("moov", mvhd + box("trak", tkhd + box("edts", parts.elst) + mdia) + box("mvex", trex));
}

TEST(InitSegment, OfVideo) { EXPECT_EQ(init_of(video(100)), expected({})); }

TEST(InitSegment, KeepsTheMatrix) {
    auto track = video(100);
    track.matrix = {0, 0x10000, 0, 0xffff'0000, 0, 0, 0x780000, 0, 0x40000000};
    auto const matrix =
        u32(0) + u32(0x10000) + u32(0) + u32(0xffff'0000) + zeros(8) + u32(0x780000) + zeros(4) + u32(0x40000000);
    EXPECT_EQ(init_of(track), expected({.matrix = matrix}));
}

TEST(InitSegment, OfAudio) {
    auto track = audio(200, 7);
    track.language = 0x15c7;
    track.sizes.assign(200, 20);
    track.edits = {{4000, 1024}};
    EXPECT_EQ(init_of(track), expected({.id = 7,
                                        .volume = 0x100,
                                        .size = zeros(8),
                                        .elst = full_box("elst", u32(1) + u32(0) + u32(1024) + u32(0x10000)),
                                        .timescale = 48'000,
                                        .language = 0x15c7,
                                        .handler = "soun",
                                        .name = "Audio",
                                        .header = full_box("smhd", zeros(4)),
                                        .entry = audio_entry(),
                                        .defaults = u32(1024) + u32(20) + u32(0x0200'0000)}));
}

}  // namespace
}  // namespace clinikk::media::packaging
