#include "media/packaging/make_index.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "media/packaging/packaging_index.hpp"
#include "unit/media/packaging/movies.hpp"

namespace clinikk::media::packaging {
namespace {

using namespace movies;

IndexOutcome outcome_of(std::string const& file) {
    return make_index(MemoryBytes(file), {.size = file.size(), .sha256 = Sha256::of("source")});
}

std::shared_ptr<PackagingIndex const> index_of(std::string const& file) {
    auto outcome = outcome_of(file);
    if (auto const* const refusal = std::get_if<NeedsRendition>(&outcome)) {
        ADD_FAILURE() << refusal->sentence;
        return nullptr;
    }
    return PackagingIndex::parse(std::get<BuiltIndex>(outcome).bytes).value();
}

std::vector<std::int64_t> starts(Track const& track) {
    std::vector<std::int64_t> times;
    for (auto const& segment : track.segments) times.push_back(segment.start);
    return times;
}

using Times = std::vector<std::int64_t>;

/// When the samples of a track are presented, in decoding order.
Times presented(PackagingIndex const& index, std::size_t track) {
    Times times;
    auto const& described = index.tracks()[track];
    for (std::size_t i = 0; i < described.segments.size(); ++i) {
        auto decode_time = described.segments[i].decode_time;
        for (auto const& sample : index.samples(track, i).value().samples) {
            times.push_back(static_cast<std::int64_t>(decode_time + sample.composition_offset) -
                            static_cast<std::int64_t>(described.media_start));
            decode_time += sample.duration;
        }
    }
    return times;
}

TEST(MakeIndex, DescribesAMovie) {
    auto const file = movies::file({video(300), audio(563)});
    auto const index = index_of(file);
    ASSERT_TRUE(index);
    EXPECT_EQ(index->source_size(), file.size());
    EXPECT_EQ(index->source_sha256(), Sha256::of("source"));
    EXPECT_TRUE(index->independent_segments());
    ASSERT_EQ(index->tracks().size(), 2U);
    auto const& picture = index->tracks()[0];
    EXPECT_EQ(picture.kind, TrackKind::video);
    EXPECT_EQ(picture.id, 1U);
    EXPECT_EQ(picture.codec, "avc1.64001f");
    EXPECT_EQ(picture.width, 160U);
    EXPECT_EQ(picture.height, 120U);
    EXPECT_EQ(picture.frame_rate_milli, 25'000U);
    EXPECT_EQ(picture.default_sample_duration, 1U);
    EXPECT_EQ(picture.duration, 300U);
    EXPECT_EQ(starts(picture), (Times{0, 100, 200}));
    EXPECT_EQ(picture.segments[1].key_frames, 2U);
    auto const& sound = index->tracks()[1];
    EXPECT_EQ(sound.codec, "mp4a.40.2");
    EXPECT_EQ(sound.channels, 2U);
    EXPECT_EQ(sound.sample_rate, 48'000U);
    EXPECT_TRUE(sound.is_default);
    // The first samples that begin at 4 s and 8 s or later.
    EXPECT_EQ(starts(sound), (Times{0, 188 * 1024, 375 * 1024}));
}

TEST(MakeIndex, FindsEverySampleInItsPlace) {
    auto const tracks = std::vector{video(300), audio(563)};
    auto const file = movies::file(tracks);
    auto const index = index_of(file);
    ASSERT_TRUE(index);
    for (std::size_t track = 0; track < 2; ++track) {
        std::vector<std::uint64_t> sizes;
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < index->tracks()[track].segments.size(); ++i) {
            auto const& segment = index->tracks()[track].segments[i];
            auto const samples = index->samples(track, i).value();
            for (auto const& sample : samples.samples) sizes.push_back(sample.size);
            for (auto const& run : samples.runs) {
                EXPECT_GE(run.offset, segment.first_byte);
                EXPECT_LE(run.offset + run.length, segment.first_byte + segment.span);
                bytes += run.length;
            }
        }
        EXPECT_EQ(sizes, tracks[track].sizes);
        std::uint64_t sum = 0;
        for (auto const size : tracks[track].sizes) sum += size;
        EXPECT_EQ(bytes, sum);
    }
    // The first chunks: ten pictures, then ten samples of sound.
    auto const first = index->samples(0, 0).value().runs.front();
    EXPECT_EQ(first.offset, ftyp.size() + 8);
    EXPECT_EQ(first.length, 900U + 101 + 102 + 103 + 104 + 105 + 106 + 100 + 101 + 102);
    EXPECT_EQ(index->samples(1, 0).value().runs.front().offset, first.offset + first.length);
}

TEST(MakeIndex, NeedsFewBytesASample) {
    auto const track = video(7500);
    auto const outcome = outcome_of(movies::file({track}));
    EXPECT_LT(std::get<BuiltIndex>(outcome).bytes.size(), track.sizes.size() * 6);
}

TEST(MakeIndex, MergesAShortLastSegment) {
    EXPECT_EQ(starts(index_of(movies::file({video(224)}))->tracks()[0]), (Times{0, 100}));
    EXPECT_EQ(starts(index_of(movies::file({video(225)}))->tracks()[0]), (Times{0, 100, 200}));
    auto const merged = index_of(movies::file({video(224)}));
    EXPECT_EQ(merged->tracks()[0].segments[1].duration, 124U);
    EXPECT_EQ(merged->samples(0, 1).value().samples.size(), 124U);
}

TEST(MakeIndex, CutsAtTheFirstKeyFrameOnTheGrid) {
    // A key frame every 2.4 s: the first ones from 4, 8 and 12 s on are at 4.8, 9.6 and 12.
    EXPECT_EQ(starts(index_of(movies::file({video(360, 60)}))->tracks()[0]), (Times{0, 120, 240, 300}));
    // One every 10 s: nothing shorter can be cut.
    EXPECT_EQ(starts(index_of(movies::file({video(600, 250)}))->tracks()[0]), (Times{0, 250, 500}));
}

TEST(MakeIndex, CutsAudioAloneEveryFourSeconds) {
    auto const index = index_of(movies::file({audio(563)}));
    EXPECT_EQ(starts(index->tracks()[0]), (Times{0, 188 * 1024, 375 * 1024}));
}

TEST(MakeIndex, GoesOnWithAudioThatIsLonger) {
    auto const index = index_of(movies::file({video(100), audio(750)}));
    EXPECT_EQ(starts(index->tracks()[0]), (Times{0}));
    EXPECT_EQ(starts(index->tracks()[1]), (Times{0, 188 * 1024, 375 * 1024, 563 * 1024}));
}

TEST(MakeIndex, DoesNotCutAudioWhereASinglePictureEnds) {
    auto const index = index_of(movies::file({video(1), audio(563)}));
    EXPECT_EQ(starts(index->tracks()[1]), (Times{0, 188 * 1024, 375 * 1024}));
}

// B-frames: decoding order I P B B, shown I B B P.
TestTrack with_b_frames(std::size_t count, std::int32_t shift = 0) {
    auto track = video(count);
    for (std::size_t i = 0; i < count; ++i) {
        auto const offset = i % 50 == 0 || i % 50 == 49 ? 1 : i % 3 == 1 ? 3 : 0;
        track.composition.emplace_back(1, static_cast<std::uint32_t>(offset + shift));
    }
    return track;
}

TEST(MakeIndex, KeepsTheEditOfTheSource) {
    auto track = with_b_frames(200);
    track.edits = {{8000, 1}};
    auto const index = index_of(movies::file({track}));
    EXPECT_EQ(index->tracks()[0].media_start, 1U);
    EXPECT_EQ(starts(index->tracks()[0]), (Times{0, 100}));
    EXPECT_EQ(presented(*index, 0).front(), 0);
}

TEST(MakeIndex, WritesNoNegativeCompositionOffset) {
    auto track = with_b_frames(200, -1);
    auto const index = index_of(movies::file({track}));
    EXPECT_EQ(index->tracks()[0].media_start, 1U);
    auto expected = with_b_frames(200);
    expected.edits = {{0, 1}};
    EXPECT_EQ(presented(*index, 0), presented(*index_of(movies::file({expected})), 0));
}

TEST(MakeIndex, RefusesAnOpenGopOfH264) {
    auto track = video(300);
    track.composition = {{100, 2}, {1, 4}, {2, 0}, {197, 2}};
    track.edits = {{0, 2}};
    auto const outcome = outcome_of(movies::file({track}));
    EXPECT_EQ(std::get<NeedsRendition>(outcome).reason, RenditionReason::open_gop);
}

TEST(MakeIndex, KeepsThePriming) {
    auto track = audio(400);
    track.edits = {{8000, 1024}};
    auto const index = index_of(movies::file({video(200), track}));
    EXPECT_EQ(index->tracks()[1].media_start, 1024U);
    EXPECT_EQ(index->tracks()[1].segments[0].start, -1024);
    EXPECT_EQ(index->tracks()[1].segments[0].decode_time, 0U);
}

TEST(MakeIndex, PutsSilenceBeforeLateAudio) {
    auto track = audio(400);
    track.edits = {{700, -1}, {8000, 1024}};
    auto const index = index_of(movies::file({video(200), track}));
    auto const& sound = index->tracks()[1];
    // The first sample is to be heard 0.7 s less 1024 later: 33600 - 1024 = 31.8 frames.
    EXPECT_EQ(sound.silence.size(), 7U);
    EXPECT_EQ(sound.segments[0].silent_bytes, 32U * 7);
    EXPECT_EQ(sound.media_start, 32U * 1024 - (33'600 - 1024));
    EXPECT_EQ(presented(*index, 1)[32], 33'600 - 1024);
    auto const samples = index->samples(1, 0).value();
    EXPECT_EQ(samples.samples[31].size, 7U);
    EXPECT_EQ(samples.samples[32].size, 20U);
    EXPECT_EQ(sound.default_sample_size, 0U);
}

TEST(MakeIndex, FillsWholeSegmentsWithSilence) {
    auto track = audio(100);
    track.edits = {{9000, -1}, {2000, 0}};
    auto const index = index_of(movies::file({video(300), track}));
    auto const& first = index->tracks()[1].segments[0];
    EXPECT_EQ(first.silent_bytes, first.payload);
    EXPECT_TRUE(index->samples(1, 0).value().runs.empty());
    EXPECT_EQ(presented(*index, 1)[422], 9 * 48'000);
}

TEST(MakeIndex, LetsTheFirstPictureStandWhereVideoIsLate) {
    auto track = video(200);
    track.edits = {{1000, -1}, {8000, 0}};
    auto const index = index_of(movies::file({track, audio(420)}));
    auto const samples = index->samples(0, 0).value().samples;
    EXPECT_EQ(samples[0].duration, 26U);
    EXPECT_EQ(samples[1].duration, 1U);
    EXPECT_EQ(presented(*index, 0)[0], 0);
    EXPECT_EQ(presented(*index, 0)[1], 26);
}

TEST(MakeIndex, LeavesOutWhatAllTracksWaitFor) {
    auto picture = video(200);
    picture.edits = {{1000, -1}, {8000, 0}};
    auto sound = audio(400);
    sound.edits = {{1500, -1}, {8000, 0}};
    auto const index = index_of(movies::file({picture, sound}));
    EXPECT_EQ(presented(*index, 0)[0], 0);
    EXPECT_EQ(presented(*index, 0)[1], 1);
    EXPECT_EQ(presented(*index, 1)[24], 24'000);
}

TEST(MakeIndex, BeginsWithTheKeyFrameBeforeAnEdit) {
    auto picture = video(300);
    picture.edits = {{8000, 75}};  // 3 s: 1 s behind the key frame at 2 s
    auto sound = audio(563);
    sound.edits = {{8000, 144'000}};
    auto const index = index_of(movies::file({picture, sound}));
    auto const& shown = index->tracks()[0];
    EXPECT_EQ(shown.media_start, 0U);
    EXPECT_EQ(presented(*index, 0)[0], 0);
    // The edit ends at 11 s, which is 9 s behind the key frame.
    EXPECT_EQ(presented(*index, 0).size(), 226U);
    // Sound of 2 s is heard at 0: sample 94 begins at 2.005 s. A tenth of a second before it stays for the decoder.
    auto const heard = presented(*index, 1);
    EXPECT_EQ(heard[0], 89 * 1024 - 96'000);
    EXPECT_EQ(index->tracks()[1].segments[0].decode_time, 0U);
}

TEST(MakeIndex, EndsWhereTheEditEnds) {
    auto picture = video(300);
    picture.edits = {{5000, 0}};
    auto const index = index_of(movies::file({picture}));
    EXPECT_EQ(index->tracks()[0].duration, 126U);  // a unit of the movie more, since writers round down
}

TEST(MakeIndex, SwapsTheSizeOfATurnedPicture) {
    auto track = video(100);
    track.matrix = {0, 0x10000, 0, 0xffff'0000, 0, 0, 0, 0, 0x40000000};
    auto const index = index_of(movies::file({track}));
    EXPECT_EQ(index->tracks()[0].width, 120U);
    EXPECT_EQ(index->tracks()[0].height, 160U);
}

TEST(MakeIndex, ChoosesTracks) {
    auto chapters = video(100);
    chapters.id = 3;
    chapters.flags = 0;
    auto cover = video(1);
    cover.id = 4;
    cover.entry = video_entry("jpeg", "");
    auto second = audio(200, 5);
    second.flags = 0;
    second.language = 0x15c7;  // "eng"
    auto uncompressed = audio(200, 6);
    uncompressed.entry = audio_entry("sowt", "");
    auto clock = audio(200, 7);
    clock.handler = "tmcd";
    auto const index =
        index_of(movies::file({chapters, cover, video(100), second, audio(200, 2), uncompressed, clock}));
    ASSERT_EQ(index->tracks().size(), 3U);
    EXPECT_EQ(index->tracks()[0].id, 1U);
    EXPECT_EQ(index->tracks()[1].id, 5U);
    EXPECT_EQ(index->tracks()[1].language, "en");
    EXPECT_FALSE(index->tracks()[1].is_default);
    EXPECT_TRUE(index->tracks()[2].is_default);
}

TEST(MakeIndex, FoldsEmptySamplesIntoTheOneBefore) {
    auto track = video(100);
    track.sizes[10] = track.sizes[11] = track.sizes[99] = 0;
    auto const index = index_of(movies::file({track}));
    auto const samples = index->samples(0, 0).value().samples;
    EXPECT_EQ(samples.size(), 97U);
    EXPECT_EQ(samples[9].duration, 3U);
    EXPECT_EQ(samples[10].duration, 1U);
    EXPECT_EQ(samples[96].duration, 2U);
    EXPECT_EQ(index->tracks()[0].duration, 100U);
}

TEST(MakeIndex, GivesALastSampleOfNoDurationThatOfTheOneBefore) {
    auto track = video(100);
    track.durations = {{99, 1}, {1, 0}};
    EXPECT_EQ(index_of(movies::file({track}))->tracks()[0].duration, 100U);
}

TEST(MakeIndex, PackagesWhatIsPlayableOfATruncatedFile) {
    auto const tracks = std::vector{video(300)};
    auto const whole = movies::file(tracks);
    // The moov in front of less media than it lists.
    auto track = tracks[0];
    auto const size = movie(std::vector{[&] {
                          track.chunks.assign(30, 0);
                          return track;
                      }()})
                          .size();
    std::uint64_t at = ftyp.size() + size + 8;
    track.chunks.clear();
    for (std::size_t i = 0; i < 300; ++i) {
        if (i % 10 == 0) track.chunks.push_back(at);
        at += track.sizes[i];
    }
    auto const cut = ftyp + movie({track}) + u32(1'000'000) + "mdat" + zeros(20'000);
    auto const index = index_of(cut);
    ASSERT_TRUE(index);
    EXPECT_LT(index->tracks()[0].duration, 200U);
    EXPECT_GT(index->tracks()[0].duration, 100U);
    EXPECT_LT(cut.size(), whole.size());
}

TEST(MakeIndex, PlansTheFileThatStartsFast) {
    auto const file = movies::file({video(100), audio(200)});
    auto const index = index_of(file);
    auto const& plan = index->fast_start();
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->is_in_front);
    EXPECT_EQ(plan->movie_offset + plan->movie_size, file.size());
    ASSERT_EQ(plan->tables.size(), 2U);
    EXPECT_EQ(plan->tables[0].count, 10U);
    EXPECT_EQ(plan->tables[0].entry_bytes, 4);
    EXPECT_EQ(file.substr(plan->tables[0].offset, 4), u32(ftyp.size() + 8));
    ASSERT_EQ(plan->boxes.size(), 2U);
    EXPECT_EQ(plan->boxes[0].length, ftyp.size());
    EXPECT_EQ(plan->boxes[1].offset, ftyp.size());
}

}  // namespace
}  // namespace clinikk::media::packaging
