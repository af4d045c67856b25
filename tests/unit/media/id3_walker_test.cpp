#include "media/id3_walker.hpp"

#include <gtest/gtest.h>

#include "unit/media/audio_files.hpp"
#include "unit/media/media_samples.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;

TEST(Id3Walker, TellsWhatStandsBehindTags) {
    struct Case {
        Container container;
        std::string sound;
    };
    for (auto const& [container, sound] :
         {Case{Container::mpeg_audio, repeat(mp3_frame(), 300)}, Case{Container::mpeg_audio, repeat(mp3_frame(), 3)},
          Case{Container::adts, repeat(adts_frame(), 300)}, Case{Container::adts, repeat(adts_frame(), 3)},
          Case{Container::flac, sample("tiny.flac")}}) {
        auto const plain = walk(container, sound);
        for (auto const& tags :
             {id3v2(0), id3v2(1), id3v2(3 << 20), id3v2(300, true), id3v2(300) + id3v2(0) + id3v2(7), ape(40, true),
              id3v2(50) + std::string(100'000, '\0'), ape(5, true) + id3v2(1000) + std::string(3, '\0')}) {
            auto const tagged = walk(Container::id3, tags + sound);
            ASSERT_FALSE(tagged.walked.refusal) << tagged.walked.refusal->detail;
            EXPECT_EQ(tagged.walked.inner, container);
            EXPECT_EQ(tagged.walked.duration_ms, plain.walked.duration_ms);
            EXPECT_EQ(tagged.walked.truncated, plain.walked.truncated);
            EXPECT_EQ(tagged.walked.begin, tags.size() + plain.walked.begin);
            EXPECT_EQ(tagged.walked.end, tags.size() + plain.walked.end);
            EXPECT_TRUE(tagged.image == plain.image);
        }
    }
}

TEST(Id3Walker, HowTheBytesArriveDoesNotMatter) {
    auto const file = id3v2(77) + id3v2(5, true) + ape(9, true) + std::string(40, '\0') + repeat(adts_frame(), 500);
    auto const whole = walk(Container::id3, file);
    EXPECT_EQ(whole.walked.inner, Container::adts);
    for (std::size_t const piece : {1u, 2u, 31u, 32u, 33u, 1000u}) {
        auto const split = walk(Container::id3, file, piece);
        EXPECT_TRUE(alike(split.walked, whole.walked)) << piece;
        EXPECT_TRUE(split.image == whole.image) << piece;
    }
}

TEST(Id3Walker, RefusesWithTheTrueReason) {
    auto const code = [](std::string const& file) { return walk(Container::id3, file).walked.refusal->code; };
    EXPECT_EQ(code(id3v2(0)), ErrorCode::media_unrecognised);
    EXPECT_EQ(code(id3v2(500)), ErrorCode::media_unrecognised);
    EXPECT_EQ(code(id3v2(500).substr(0, 509)), ErrorCode::media_truncated);
    EXPECT_EQ(code(std::string("ID3\4\0\0\x7f\x7f\x7f\x7f", 10) + repeat(mp3_frame(), 10)), ErrorCode::media_truncated);
    EXPECT_EQ(code(id3v2(5) + filler(200'000)), ErrorCode::media_unrecognised);
    EXPECT_EQ(code(id3v2(5) + std::string(200'000, '\0')), ErrorCode::media_unrecognised);
    EXPECT_EQ(code(id3v2(5) + "wvpk" + filler(2000)), ErrorCode::media_unsupported) << "WavPack";
    EXPECT_EQ(code(id3v2(5) + riff(wav_format() + riff_chunk("data", filler(100)))), ErrorCode::media_unrecognised);
}

}  // namespace
}  // namespace clinikk::media
