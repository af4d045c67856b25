#include "media/sample_tables.hpp"

#include <gtest/gtest.h>

#include "media/big_endian.hpp"
#include "media/fragment_times.hpp"
#include "unit/media/boxes.hpp"

namespace clinikk::media {
namespace {

using namespace boxes;

constexpr std::uint32_t many = 0xffff'ffff;

// The error's code; `media_truncated` when not all samples are whole; nothing when the index is good.
std::optional<ErrorCode> check(std::string const& movie, std::uint64_t file_size) {
    MemoryBytes const bytes(movie, 1000);
    auto const index = read_movie_index(bytes, {1000, 1000 + movie.size()});
    if (index.has_error()) return index.error().code;
    for (auto const& track : index->tracks) {
        auto const whole = count_whole_samples(bytes, track, file_size);
        if (whole.has_error()) return whole.error().code;
        if (*whole != track.sample_count) return ErrorCode::media_truncated;
    }
    return std::nullopt;
}

std::uint32_t whole_samples(std::string const& movie, std::uint64_t file_size) {
    MemoryBytes const bytes(movie);
    auto const index = read_movie_index(bytes, {0, movie.size()}).value();
    return count_whole_samples(bytes, index.tracks.front(), file_size).value();
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
    auto const index = read_movie_index(bytes, {1000, 1000 + movie.size()});
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
        auto const index = read_movie_index(bytes, {0, movie.size()});
        EXPECT_EQ(index->is_encrypted(), std::string_view(entry) != "avc1");
    }
}

TEST(SampleTables, TheLastSampleMayEndWhereTheFileEnds) {
    auto const movie = trak(four_samples());
    EXPECT_EQ(check(movie, 240), std::nullopt);
    EXPECT_EQ(check(movie, 239), ErrorCode::media_truncated);
    EXPECT_EQ(check(movie, 0), ErrorCode::media_truncated);
}

TEST(SampleTables, SamplesCountUpToTheFirstThatIsNotWhole) {
    auto const movie = trak(four_samples());
    for (auto const& [size, expected] : std::initializer_list<std::pair<std::uint64_t, std::uint32_t>>{
             {0, 0}, {109, 0}, {110, 1}, {129, 1}, {130, 2}, {159, 2}, {160, 3}, {239, 3}, {240, 4}}) {
        EXPECT_EQ(whole_samples(movie, size), expected) << size;
    }
    auto tables = four_samples();
    tables.stsz = full_box("stsz", u32(10) + u32(4));
    EXPECT_EQ(whole_samples(trak(tables), 125), 2U);
    // The second chunk stands in front of the first, which is cut.
    tables.stco = full_box("stco", u32(2) + u32(200) + u32(100));
    EXPECT_EQ(whole_samples(trak(tables), 219), 1U);
}

std::int64_t end_of(std::string const& movie, std::uint32_t samples) {
    MemoryBytes const bytes(movie);
    auto const index = read_movie_index(bytes, {0, movie.size()}).value();
    return presentation_end_ms(bytes, index, index.tracks.front(), samples).value();
}

TEST(SampleTables, ThePresentationOfSomeSamplesEndsWithTheLatest) {
    auto tables = four_samples();
    tables.stco += full_box("stts", u32(2) + u32(3) + u32(40) + u32(1) + u32(100));
    EXPECT_EQ(end_of(trak(tables), 2), 80);
    EXPECT_EQ(end_of(trak(tables), 4), 220);
    // Presented in the order 1, 3, 2, 4, from 40 on: the first sample's offset is the beginning.
    tables.stco += full_box("ctts", u32(4) + u32(1) + u32(40) + u32(1) + u32(80) + u32(1) + u32(0) + u32(1) + u32(40));
    EXPECT_EQ(end_of(trak(tables), 1), 40);
    EXPECT_EQ(end_of(trak(tables), 2), 120);
    EXPECT_EQ(end_of(trak(tables), 4), 220);
}

TEST(SampleTables, EditsMoveThePresentation) {
    auto tables = four_samples();
    tables.stco += full_box("stts", u32(1) + u32(4) + u32(50));
    auto const mvhd = full_box("mvhd", u32(0) + u32(0) + u32(100) + u32(0));
    auto const track = trak(tables);
    auto const elst = full_box("elst", u32(2) + u32(30) + u32(many) + u32(0x10000) + u32(10) + u32(20) + u32(0x10000));
    auto const edited = box("trak", track.substr(8) + box("edts", elst));
    // 300 ms of nothing, and 20 ms of the media are left out.
    EXPECT_EQ(end_of(mvhd + edited, 4), 200 - 20 + 300);
}

// A track whose media information has this list of data references.
std::string track_with(std::string const& references) {
    auto const dinf = box("dinf", full_box("dref", u32(1) + references));
    return box("trak", box("mdia", box("minf", dinf)));
}

TEST(SampleTables, TellsMediaInOtherFiles) {
    auto const external = [](std::string const& references) {
        auto const movie = track_with(references);
        MemoryBytes const bytes(movie);
        return read_movie_index(bytes, {0, movie.size()})->has_external_data();
    };
    EXPECT_FALSE(external(box("url ", u32(1))));
    EXPECT_FALSE(external(box("alis", u32(1))));
    EXPECT_FALSE(external(box("url ", u32(0)))) << "no address to follow";
    EXPECT_FALSE(external(box("url ", u32(0) + std::string(1, '\0'))));
    EXPECT_TRUE(external(box("url ", u32(0) + "http://example.org/film.mp4")));
    EXPECT_TRUE(external(box("url ", u32(1)) + box("url ", u32(0) + "file:///etc/passwd")));
    EXPECT_TRUE(external(box("urn ", u32(0) + "urn:x")));
    EXPECT_TRUE(external(box("alis", u32(0) + std::string(100, '\0'))));
    EXPECT_EQ(check(track_with(box("url ", "\0")), 5000), ErrorCode::media_unrecognised);
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
    return read_movie_index(bytes, {0, movie.size()}).value();
}

std::optional<std::int64_t> fragment_end_ms(std::string const& fragment, MovieIndex const& index) {
    FragmentTimes times;
    times.add(fragment);
    return times.end_ms(index);
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

TEST(Fragment, SaysNothingWhenItIsDamagedOrEmpty) {
    auto const index = fragmented_index();
    auto const tfhd = full_box("tfhd", u32(1));
    auto const tfdt = full_box("tfdt", u32(60'000));
    EXPECT_EQ(fragment_end_ms("", index), std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd), index), std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", full_box("tfhd", u32(2)) + tfdt + full_box("trun", u32(1))), index),
              std::nullopt);
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd + tfdt + box("trun", u32(0x100) + u32(many) + u32(1))), index),
              std::nullopt);
    auto const endless = box("tfdt", u32(0x0100'0000) + u64(~std::uint64_t{0}));
    EXPECT_EQ(fragment_end_ms(box("traf", tfhd + endless + full_box("trun", u32(1))), index), std::nullopt);
}

TEST(Fragment, FollowsTheOneBeforeItUnlessItSaysWhenItBegins) {
    auto const index = fragmented_index();
    FragmentTimes times;
    auto const fragment = box("traf", full_box("tfhd", u32(1)) + full_box("trun", u32(25)));
    for (int i = 0; i < 3; ++i) times.add(fragment);
    EXPECT_EQ(times.begin_ms(index), 0);
    EXPECT_EQ(times.end_ms(index), 3'000);
}

TEST(Fragment, CountsTheSamplesThatLieWithinTheFile) {
    auto const index = fragmented_index();
    // Three samples of 10, 20 and 30 bytes, 100 bytes behind the beginning of the fragment at 1000.
    auto const trun = box("trun", u32(0x201) + u32(3) + u32(100) + u32(10) + u32(20) + u32(30));
    auto const tfhd = box("tfhd", u32(0x20000) + u32(1));
    auto const fragment = box("traf", tfhd + full_box("tfdt", u32(0)) + trun);
    for (auto const& [size, expected] : std::initializer_list<std::pair<std::uint64_t, std::int64_t>>{
             {1110, 40}, {1129, 40}, {1130, 80}, {1159, 80}, {1160, 120}}) {
        FragmentTimes times;
        EXPECT_EQ(times.add_part(fragment, 1000, size, index), size == 1160) << size;
        EXPECT_EQ(times.end_ms(index), expected) << size;
    }
    FragmentTimes none;
    EXPECT_FALSE(none.add_part(fragment, 1000, 1109, index));
    EXPECT_EQ(none.end_ms(index), std::nullopt);
}

}  // namespace
}  // namespace clinikk::media
