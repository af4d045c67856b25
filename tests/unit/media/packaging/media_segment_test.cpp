#include "media/packaging/media_segment.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "unit/media/boxes.hpp"

namespace clinikk::media::packaging {
namespace {

using boxes::box;
using boxes::full_box;
using boxes::u32;
using boxes::u64;

std::string const styp = box("styp", "msdh" + u32(0) + "msdhmsixcmfs");
constexpr std::uint64_t sync_sample = 0x0200'0000;
constexpr std::uint64_t other_sample = 0x0101'0000;

std::string flagged_box(std::string_view type, std::uint32_t version, std::uint32_t flags, std::string_view payload) {
    return box(type, u32(version << 24 | flags) + std::string(payload));
}

/// A `moof` of these boxes; the offset of the data is where `trun` says it is.
std::string moof(std::uint32_t sequence, std::string_view tfhd, std::uint64_t decode_time, std::string_view trun) {
    auto const tfdt = flagged_box("tfdt", 1, 0, u64(decode_time));
    return box("moof", full_box("mfhd", u32(sequence)) + box("traf", std::string(tfhd) + tfdt + std::string(trun)));
}

Track video() { return {.kind = TrackKind::video, .id = 7, .timescale = 1000, .media_start = 80}; }

std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs(std::vector<Run> const& runs) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> result;
    for (auto const& run : runs) result.emplace_back(run.offset, run.length);
    return result;
}

TEST(MediaSegment, SaysOnceWhatItsSamplesHaveInCommon) {
    SegmentSamples samples{.samples = {{500, 40, 80, true}, {20, 40, 160, false}, {30, 40, 0, false}},
                           .runs = {{1000, 500}, {2000, 50}}};
    Segment const segment{.decode_time = 4000, .samples = 3, .payload = 550};
    auto const layout = lay_out_segment(video(), segment, 1, samples).value();

    auto const tfhd = flagged_box("tfhd", 0, 0x02'0028, u32(7) + u32(40) + u32(other_sample));
    auto const trun = [](std::uint32_t offset) {
        return flagged_box(
            "trun", 0, 0xa05,
            u32(3) + u32(offset) + u32(sync_sample) + u32(500) + u32(80) + u32(20) + u32(160) + u32(30) + u32(0));
    };
    auto const length = moof(2, tfhd, 4000, trun(0)).size() + 8;
    auto const expected = styp + moof(2, tfhd, 4000, trun(static_cast<std::uint32_t>(length))) + u32(558) + "mdat";
    EXPECT_EQ(layout.head, expected);
    EXPECT_EQ(pairs(layout.runs), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1000, 500}, {2000, 50}}));
    EXPECT_EQ(layout.length, expected.size() + 550);
}

TEST(MediaSegment, WritesEachDurationAndEachFlagWhereTheyDiffer) {
    SegmentSamples samples{.samples = {{9, 40, 0, true}, {9, 41, 0, false}, {9, 40, 0, true}}, .runs = {{0, 27}}};
    Segment const segment{.samples = 3, .payload = 27};
    auto const layout = lay_out_segment(video(), segment, 0, samples).value();

    auto const tfhd = flagged_box("tfhd", 0, 0x02'0030, u32(7) + u32(9) + u32(other_sample));
    auto const trun = flagged_box(
        "trun", 0, 0x501,
        u32(3) + u32(128) + u32(40) + u32(sync_sample) + u32(41) + u32(other_sample) + u32(40) + u32(sync_sample));
    EXPECT_EQ(layout.head, styp + moof(1, tfhd, 0, trun) + u32(35) + "mdat");
}

TEST(MediaSegment, LeavesOutWhatTheInitSegmentSays) {
    Track audio{.kind = TrackKind::audio, .id = 2, .timescale = 48000};
    audio.default_sample_duration = 1024;
    audio.default_sample_size = 300;
    SegmentSamples samples{.samples = {{300, 1024, 0, true}, {300, 1024, 0, true}}, .runs = {{5, 600}}};
    Segment const segment{.decode_time = 0x1'0000'0000, .samples = 2, .payload = 600};
    auto const layout = lay_out_segment(audio, segment, 0, samples).value();

    auto const tfhd = flagged_box("tfhd", 0, 0x02'0020, u32(2) + u32(sync_sample));
    auto const trun = flagged_box("trun", 0, 0x1, u32(2) + u32(100));
    EXPECT_EQ(layout.head, styp + moof(1, tfhd, 0x1'0000'0000, trun) + u32(608) + "mdat");
}

TEST(MediaSegment, HasSilentFramesInItsHead) {
    Track audio{.kind = TrackKind::audio, .id = 2, .timescale = 48000, .silence = "sile"};
    SegmentSamples samples{.samples = {{4, 1024, 0, true}, {4, 1024, 0, true}, {10, 1024, 0, true}},
                           .runs = {{50, 10}}};
    Segment const segment{.samples = 3, .payload = 18, .silent_bytes = 8};
    auto const layout = lay_out_segment(audio, segment, 0, samples).value();
    EXPECT_TRUE(layout.head.ends_with(u32(26) + "mdatsilesile"));
    EXPECT_EQ(layout.length, layout.head.size() + 10);
    EXPECT_EQ(pairs(layout.runs), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{50, 10}}));
}

TEST(MediaSegment, HasA64BitSizePast4GiB) {
    for (bool const is_wide : {false, true}) {
        auto const size = static_cast<std::uint32_t>(0xffff'fff7U + (is_wide ? 1 : 0));
        SegmentSamples samples{.samples = {{size, 40, 0, true}}, .runs = {{0, size}}};
        Segment const segment{.samples = 1, .payload = size};
        auto const layout = lay_out_segment(video(), segment, 0, samples).value();
        auto const header = is_wide ? u32(1) + "mdat" + u64(16 + std::uint64_t{size}) : u32(0xffff'ffff) + "mdat";
        EXPECT_TRUE(layout.head.ends_with(header)) << is_wide;
        EXPECT_EQ(layout.length, layout.head.size() + size);
    }
}

TEST(MediaSegment, IsRefusedWhenTheIndexContradictsItself) {
    SegmentSamples const good{.samples = {{4, 1, 0, true}, {6, 1, 0, false}}, .runs = {{0, 10}}};
    Segment const segment{.samples = 2, .payload = 10};
    ASSERT_TRUE(lay_out_segment(video(), segment, 0, good));
    auto const refuses = [](Segment const& wrong, SegmentSamples const& samples) {
        auto const layout = lay_out_segment(video(), wrong, 0, samples);
        return layout.has_error() && layout.error().code == ErrorCode::internal;
    };
    EXPECT_TRUE(refuses({.samples = 3, .payload = 10}, good)) << "samples";
    EXPECT_TRUE(refuses({.samples = 2, .payload = 11}, good)) << "sizes";
    EXPECT_TRUE(refuses({.samples = 2, .payload = 10, .silent_bytes = 4}, good)) << "silence that is not there";
    EXPECT_TRUE(refuses(segment, {.samples = good.samples, .runs = {{0, 9}}})) << "runs";
    EXPECT_TRUE(refuses({}, {})) << "nothing";
}

TEST(KeyFrames, HaveTheTimeToTheNextOne) {
    SegmentSamples const samples{.samples = {{500, 40, 80, true}, {20, 40, 80, false}, {400, 40, 80, true}},
                                 .runs = {{0, 920}}};
    Segment const segment{.decode_time = 4000, .start = 4000, .duration = 120, .samples = 3};
    auto const frames = find_key_frames(video(), segment, samples);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].start, 4000);
    EXPECT_EQ(frames[0].duration, 80U);
    EXPECT_EQ(frames[1].sample, 2U);
    EXPECT_EQ(frames[1].decode_time, 4080U);
    EXPECT_EQ(frames[1].start, 4080);
    EXPECT_EQ(frames[1].duration, 40U);
    EXPECT_EQ(frames[1].size, 400U);
}

}  // namespace
}  // namespace clinikk::media::packaging
