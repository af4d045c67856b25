#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "media/packaging/make_index.hpp"
#include "media/packaging/packaging_index.hpp"
#include "unit/media/packaging/movies.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media::packaging {
namespace {

using namespace movies;

IndexOutcome outcome_of(std::string const& file) { return make_index(MemoryBytes(file), {.size = file.size()}); }

std::string bytes_of(std::string const& file) {
    auto const outcome = outcome_of(file);
    auto const* const refusal = std::get_if<NeedsRendition>(&outcome);
    EXPECT_EQ(refusal, nullptr) << refusal->sentence;
    return refusal == nullptr ? std::get<BuiltIndex>(outcome).bytes : std::string();
}

std::shared_ptr<PackagingIndex const> index_of(std::string const& file) {
    return PackagingIndex::parse(bytes_of(file)).value();
}

std::string const beginning = ftyp + movie({video(0)}, fragment_defaults());

TEST(Fragments, AreCutAsOneMovie) {
    std::string file = beginning;
    for (std::uint64_t i = 0; i < 12; ++i) file += fragment(i * 25, Numbers(25, 40));
    auto const index = index_of(file);
    auto const& track = index->tracks()[0];
    ASSERT_EQ(track.segments.size(), 3U);
    EXPECT_EQ(track.segments[1].start, 100);
    EXPECT_EQ(track.segments[1].samples, 100U);
    EXPECT_EQ(track.segments[1].key_frames, 4U);
    EXPECT_EQ(track.duration, 300U);
    EXPECT_EQ(track.default_sample_size, 40U);
    auto const runs = index->samples(0, 1).value().runs;
    ASSERT_EQ(runs.size(), 4U);
    EXPECT_EQ(runs[0].length, 1000U);
    auto const size = fragment(0, Numbers(25, 40)).size();
    EXPECT_EQ(runs[0].offset + runs[0].length, beginning.size() + 5 * size);
    EXPECT_EQ(runs[1].offset - runs[0].offset, size);
    EXPECT_TRUE(index->fast_start()->is_in_front);
}

TEST(Fragments, FollowTheSamplesOfTheMoov) {
    auto const start = movies::file({video(100)}, fragment_defaults());
    auto const index = index_of(start + fragment(100, Numbers(50, 10)));
    EXPECT_EQ(index->tracks()[0].duration, 150U);
    EXPECT_EQ(index->tracks()[0].segments.size(), 2U);
}

TEST(Fragments, OfARecordingBeginAtZero) {
    std::string file = beginning;
    for (std::uint64_t i = 0; i < 8; ++i) file += fragment(36'000 * 25 + i * 25, Numbers(25, 40));
    auto const index = index_of(file);
    auto const& track = index->tracks()[0];
    EXPECT_EQ(track.segments[0].start, 0);
    EXPECT_EQ(track.segments[0].decode_time, 0U);
    EXPECT_EQ(track.media_start, 0U);
}

TEST(Fragments, FillGapsWithTheSampleBeforeThem) {
    auto const index = index_of(beginning + fragment(0, Numbers(25, 40)) + fragment(30, Numbers(25, 40)));
    auto const samples = index->samples(0, 0).value().samples;
    EXPECT_EQ(samples[24].duration, 6U);
    EXPECT_EQ(samples[23].duration, 1U);
    EXPECT_EQ(index->tracks()[0].duration, 55U);
}

TEST(Fragments, ThatGoBackAreRefused) {
    auto const outcome = outcome_of(beginning + fragment(50, Numbers(25, 40)) + fragment(0, Numbers(25, 40)));
    EXPECT_EQ(std::get<NeedsRendition>(outcome).reason, RenditionReason::timing);
}

TEST(Fragments, OfFilesThatEndEarlyArePackagedUpToThere) {
    auto file = beginning + fragment(0, Numbers(25, 40)) + fragment(25, Numbers(25, 40));
    EXPECT_EQ(index_of(file.substr(0, file.size() - 401))->tracks()[0].duration, 39U);
    EXPECT_EQ(index_of(file.substr(0, file.size() - 1100))->tracks()[0].duration, 25U);  // inside the moof
}

// Without an offset of their own, the data of a track follow those of the one before.
TEST(Fragments, ShareTheirData) {
    auto sound = audio(0);
    auto const trex = [](std::uint32_t id, std::uint32_t duration) {
        return full_box("trex", u32(id) + u32(1) + u32(duration) + u32(0) + u32(0));
    };
    auto const traf = [](std::uint32_t id, std::uint32_t size, std::string const& offset) {
        return box("traf", box("tfhd", u32(0x10) + u32(id) + u32(size)) +
                               box("trun", u32(offset.empty() ? 0 : 1) + u32(25) + offset));
    };
    auto const moof = [&](std::uint64_t offset) {
        return box("moof", full_box("mfhd", u32(1)) + traf(1, 40, u32(offset)) + traf(2, 10, ""));
    };
    auto const start = ftyp + movie({video(0), sound}, box("mvex", trex(1, 1) + trex(2, 1024)));
    auto const index = index_of(start + moof(moof(0).size() + 8) + box("mdat", zeros(1250)));
    auto const picture = index->samples(0, 0).value().runs.front();
    auto const heard = index->samples(1, 0).value().runs.front();
    EXPECT_EQ(picture.offset, start.size() + moof(0).size() + 8);
    EXPECT_EQ(heard.offset, picture.offset + 1000);
    EXPECT_EQ(heard.length, 250U);
}

TEST(Fragments, ThatClaimSamplesWithoutBytesAreBounded) {
    auto const trun = box("trun", u32(0) + u32(0xffff'ffff));
    auto const claim = [&](std::uint32_t size) {
        auto const tfhd = box("tfhd", u32(0x2'0010) + u32(1) + u32(size));
        return outcome_of(beginning + box("moof", box("traf", tfhd + trun)) + box("mdat", zeros(100)));
    };
    EXPECT_EQ(std::get<NeedsRendition>(claim(0)).reason, RenditionReason::too_large);
    EXPECT_FALSE(std::holds_alternative<BuiltIndex>(claim(0xffff'ffff)));
}

TEST(Fragments, AreAllKeptAtIngest) {
    // Far behind the beginning that is kept anyway.
    std::string file = beginning;
    for (std::uint64_t i = 0; i < 3000; ++i) file += fragment(i * 25, Numbers(25, 100 + i % 3));
    ASSERT_GT(file.size(), 7U << 20);
    for (std::size_t const piece : {std::size_t{1} << 20, std::size_t{4099}}) {
        auto const walked = walk(Container::iso_media, file, piece);
        EXPECT_EQ(bytes_of(walked.image), bytes_of(file));
    }
}

TEST(Fragments, ThatTakeTooMuchRoomAreNotKept) {
    std::string file = beginning;
    auto const one = [](std::uint64_t i) { return fragment(i * 25, Numbers(25, 160)); };
    for (std::uint64_t i = 0; i < 16'400; ++i) file += one(i);
    auto const walked = walk(Container::iso_media, file);
    EXPECT_FALSE(walked.walked.refusal);
    EXPECT_EQ(std::get<NeedsRendition>(outcome_of(walked.image)).reason, RenditionReason::too_large);
}

}  // namespace
}  // namespace clinikk::media::packaging
