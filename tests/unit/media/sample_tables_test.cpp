#include "media/sample_tables.hpp"

#include <gtest/gtest.h>

#include "media/big_endian.hpp"
#include "unit/media/boxes.hpp"

namespace clinikk::media {
namespace {

using namespace boxes;

constexpr std::uint32_t many = 0xffff'ffff;

// The error's code, or nothing when the index is good.
std::optional<ErrorCode> check(std::string const& movie, std::uint64_t file_size) {
    MemoryBytes const bytes(movie, 1000);
    auto const index = read_movie_index(bytes, {1000, 1000 + movie.size()}, file_size);
    return index.has_error() ? std::optional(index.error().code) : std::nullopt;
}

// Two chunks at 100 and 200: three samples of 10, 20, 30 bytes, then one of 40.
TrackTables four_samples() {
    TrackTables tables;
    tables.stsz = full_box("stsz", u32(0) + u32(4) + u32(10) + u32(20) + u32(30) + u32(40));
    tables.stsc = full_box("stsc", u32(2) + u32(1) + u32(3) + u32(1) + u32(2) + u32(1) + u32(1));
    tables.stco = full_box("stco", u32(2) + u32(100) + u32(200));
    return tables;
}

TEST(SampleTables, ReadsATrack) {
    auto const movie = box("mvhd", std::string(100, '\0')) + trak(four_samples(), 7, 600);
    MemoryBytes const bytes(movie, 1000);
    auto const index = read_movie_index(bytes, {1000, 1000 + movie.size()}, 5000);
    ASSERT_TRUE(index.has_value());
    ASSERT_EQ(index->tracks.size(), 1U);
    auto const& track = index->tracks.front();
    EXPECT_EQ(track.id, 7U);
    EXPECT_EQ(track.handler, four_cc("vide"));
    EXPECT_EQ(track.timescale, 600U);
    EXPECT_EQ(track.duration, 5000U);
    EXPECT_EQ(track.sample_count, 4U);
    EXPECT_EQ(track.chunk_offsets.count, 2U);
    EXPECT_EQ(track.chunk_offsets.entry_bits, 32);
    EXPECT_FALSE(index->fragmented);
}

TEST(SampleTables, TellsEncryptedTracks) {
    for (auto const* entry : {"encv", "enca", "drms", "avc1"}) {
        auto tables = four_samples();
        tables.stsz += full_box("stsd", u32(1) + box(entry, std::string(8, 'x')));
        auto const movie = trak(tables);
        MemoryBytes const bytes(movie);
        auto const index = read_movie_index(bytes, {0, movie.size()}, 5000);
        EXPECT_EQ(index->is_encrypted(), std::string_view(entry) != "avc1");
    }
}

TEST(SampleTables, TheLastSampleMayEndWhereTheFileEnds) {
    auto const movie = trak(four_samples());
    EXPECT_EQ(check(movie, 240), std::nullopt);
    EXPECT_EQ(check(movie, 239), ErrorCode::media_truncated);
    EXPECT_EQ(check(movie, 0), ErrorCode::media_truncated);
}

TEST(SampleTables, ChunksNeedNotBeInOrder) {
    auto tables = four_samples();
    tables.stco = full_box("stco", u32(2) + u32(200) + u32(100));
    EXPECT_EQ(check(trak(tables), 260), std::nullopt);
    EXPECT_EQ(check(trak(tables), 259), ErrorCode::media_truncated);
}

TEST(SampleTables, Takes64BitOffsets) {
    auto tables = four_samples();
    tables.stco = full_box("co64", u32(2) + u64(100) + u64(std::uint64_t{1} << 40));
    EXPECT_EQ(check(trak(tables), (std::uint64_t{1} << 40) + 40), std::nullopt);
    EXPECT_EQ(check(trak(tables), (std::uint64_t{1} << 40) + 39), ErrorCode::media_truncated);
    tables.stco = full_box("co64", u32(2) + u64(100) + u64(~std::uint64_t{0}));
    EXPECT_EQ(check(trak(tables), std::uint64_t{1} << 40), ErrorCode::media_truncated);
}

TEST(SampleTables, TakesCompactSizes) {
    auto tables = four_samples();
    tables.stsz = full_box("stz2", u32(4) + u32(4) + std::string("\x12\x3f", 2));  // 1, 2, 3, 15
    EXPECT_EQ(check(trak(tables), 215), std::nullopt);
    EXPECT_EQ(check(trak(tables), 214), ErrorCode::media_truncated);
    tables.stsz = full_box("stz2", u32(16) + u32(4) + u32(10) + u32(40));  // 0, 10, 0, 40
    EXPECT_EQ(check(trak(tables), 240), std::nullopt);
    EXPECT_EQ(check(trak(tables), 239), ErrorCode::media_truncated);
    tables.stsz = full_box("stz2", u32(5) + u32(4) + u32(10));
    EXPECT_EQ(check(trak(tables), 5000), ErrorCode::media_unrecognised);
}

TEST(SampleTables, ChunksWithoutSamplesDoNotCount) {
    auto tables = four_samples();
    tables.stco = full_box("stco", u32(3) + u32(100) + u32(200) + u32(many));
    EXPECT_EQ(check(trak(tables), 240), std::nullopt);
}

TEST(SampleTables, CountsBeyondTheBoxAreDamage) {
    for (auto const* type : {"stco", "co64", "stsc"}) {
        auto tables = four_samples();
        tables.stco = full_box(type, u32(many) + u32(100));
        EXPECT_EQ(check(trak(tables), 5000), ErrorCode::media_unrecognised) << type;
    }
    for (auto const* type : {"stts", "ctts", "stss"}) {
        auto tables = four_samples();
        tables.stco += full_box(type, u32(many) + u32(100));
        EXPECT_EQ(check(trak(tables), 5000), ErrorCode::media_unrecognised) << type;
    }
    auto tables = four_samples();
    tables.stsz = full_box("stsz", u32(0) + u32(many) + u32(10));
    EXPECT_EQ(check(trak(tables), 5000), ErrorCode::media_unrecognised);
    tables.stsz = box("stsz", u32(0));
    EXPECT_EQ(check(trak(tables), 5000), ErrorCode::media_unrecognised);
}

TEST(SampleTables, HugeFixedSizesCostNothingAndDoNotOverflow) {
    TrackTables tables;
    tables.stsz = full_box("stsz", u32(many) + u32(many));
    tables.stsc = full_box("stsc", u32(1) + u32(1) + u32(many) + u32(1));
    tables.stco = full_box("stco", u32(1) + u32(many));
    EXPECT_EQ(check(trak(tables), 5000), ErrorCode::media_truncated);
    EXPECT_EQ(check(trak(tables), std::uint64_t{1} << 62), ErrorCode::media_truncated);
}

TEST(SampleTables, BrokenNestingIsDamage) {
    EXPECT_EQ(check(u32(4) + "trak", 5000), ErrorCode::media_unrecognised);
    EXPECT_EQ(check(u32(100) + "trak", 5000), ErrorCode::media_unrecognised);
    EXPECT_EQ(check(u32(1) + "trak" + u64(~std::uint64_t{0}), 5000), ErrorCode::media_unrecognised);
    EXPECT_EQ(check(box("trak", box("mdia", u32(9) + "minf")), 5000), ErrorCode::media_unrecognised);
    EXPECT_EQ(check(box("trak", u32(0)), 5000), std::nullopt);  // QuickTime's end of a list
}

TEST(SampleTables, NestingToAnyDepthIsNotFollowed) {
    std::string nested;
    for (int i = 0; i < 20'000; ++i) nested = box("trak", nested);
    EXPECT_EQ(check(nested, 5000), std::nullopt);
}

TEST(SampleTables, TheNumberOfBoxesIsBounded) {
    std::string boxes;
    for (int i = 0; i < 30'000; ++i) boxes += box("free", "");
    EXPECT_EQ(check(boxes, 5000), ErrorCode::media_unrecognised);
    std::string tracks;
    for (int i = 0; i < 1001; ++i) tracks += box("trak", "");
    EXPECT_EQ(check(tracks, 5000), ErrorCode::media_unrecognised);
}

MovieIndex fragmented_index() {
    auto const trex = full_box("trex", u32(1) + u32(1) + u32(40) + u32(0) + u32(0));
    auto const movie = trak({}) + box("mvex", trex);
    MemoryBytes const bytes(movie);
    return read_movie_index(bytes, {0, movie.size()}, 5000).value();
}

TEST(Fragment, EndsAfterItsSamples) {
    auto const index = fragmented_index();
    EXPECT_TRUE(index.fragmented);
    EXPECT_EQ(index.tracks.front().fragment_sample_duration, 40U);

    auto const tfhd = full_box("tfhd", u32(1));
    auto const tfdt = box("tfdt", u32(0x0100'0000) + u64(60'000));
    auto const by_default = full_box("trun", u32(25));
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd + tfdt + by_default), index), 61'000);

    auto const own_default = box("tfhd", u32(0x9) + u32(1) + u64(0) + u32(10));
    EXPECT_EQ(fragment_end_ms(box("traf", own_default + tfdt + by_default), index), 60'250);

    auto const listed = box("trun", u32(0x301) + u32(2) + u32(0) + u32(100) + u32(9) + u32(300) + u32(9));
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd + tfdt + listed + by_default), index), 61'400);
}

TEST(Fragment, SaysNothingWhenItIsDamagedOrIncomplete) {
    auto const index = fragmented_index();
    auto const tfhd = full_box("tfhd", u32(1));
    auto const tfdt = full_box("tfdt", u32(60'000));
    EXPECT_EQ(fragment_end_ms("", index), std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd), index), std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", full_box("tfhd", u32(2)) + tfdt), index), std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd + tfdt + box("trun", u32(0x100) + u32(many) + u32(1))), index),
              std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd + box("tfdt", u32(0x0100'0000) + u64(~std::uint64_t{0}))), index),
              std::nullopt);
}

}  // namespace
}  // namespace clinikk::media
