#include "media/wav_walker.hpp"

#include <gtest/gtest.h>

#include "unit/media/audio_files.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;

constexpr std::uint64_t unknown = 0xffff'ffff;

std::string data(std::uint64_t declared, std::size_t size) {
    return "data" + little_endian(declared, 4) + filler(size);
}

TEST(WavWalker, CountsSamplesWhateverStandsAround) {
    auto const sound = riff_chunk("data", filler(16'000));
    for (auto const& front : {std::string(), riff_chunk("JUNK", filler(5 << 20)), riff_chunk("LIST", filler(3)),
                              riff_chunk("bext", filler(602)) + riff_chunk("PAD ", "")}) {
        for (auto const& between : {std::string(), riff_chunk("id3 ", id3v2(70'001)), riff_chunk("fact", filler(4))}) {
            for (auto const& behind : {std::string(), riff_chunk("LIST", filler(70)), id3v1(), filler(1000)}) {
                auto const file = riff(front + wav_format() + between + sound + behind);
                auto const result = walk(Container::wav, file);
                ASSERT_FALSE(result.walked.refusal);
                EXPECT_EQ(result.walked.duration_ms, 1000);
                EXPECT_FALSE(result.walked.truncated);
                EXPECT_EQ(result.walked.end, file.size() - behind.size());
                EXPECT_TRUE(result.image.starts_with("RIFF"));
                auto const fact = between.starts_with("fact") ? between : std::string();
                EXPECT_EQ(result.image.substr(8, 4 + 24 + fact.size() + sound.size()),
                          "WAVE" + wav_format() + fact + sound);
            }
        }
    }
}

TEST(WavWalker, CutSoundIsCountedAsFarAsItGoes) {
    auto const file = riff(wav_format() + riff_chunk("data", filler(16'000)));
    for (std::size_t const less : {1u, 2u, 8000u, 15'000u}) {
        auto const walked = walk(Container::wav, file.substr(0, file.size() - less)).walked;
        EXPECT_EQ(walked.duration_ms, static_cast<std::int64_t>((16'000 - less) / 2 * 1000 + 4000) / 8000);
        EXPECT_TRUE(walked.truncated);
    }
    for (std::size_t const size : {4u, 12u, 20u, 36u, 43u, 44u}) {
        auto const walked = walk(Container::wav, file.substr(0, size)).walked;
        ASSERT_TRUE(walked.refusal) << size;
        EXPECT_EQ(walked.refusal->code, ErrorCode::media_truncated) << size;
    }
}

TEST(WavWalker, RecordingsToAPipeEndWithTheFileOrItsTags) {
    for (auto const declared : {std::uint64_t{0}, unknown, std::uint64_t{0x7fff'ffff}, std::uint64_t{0x8000'0000}}) {
        for (auto const& behind : {std::string(), id3v1(), ape(10, true)}) {
            auto const file = "RIFF" + little_endian(unknown, 4) + "WAVE" + wav_format() + data(declared, 16'000);
            auto const walked = walk(Container::wav, file + behind).walked;
            EXPECT_EQ(walked.duration_ms, 1000);
            EXPECT_FALSE(walked.truncated);
            EXPECT_EQ(walked.end, file.size());
        }
    }
}

TEST(WavWalker, WideFilesHaveTheirSizesInAChunkOfTheirOwn) {
    auto const sizes = [](std::uint64_t size) {
        return riff_chunk("ds64", little_endian(0, 8) + little_endian(size, 8) + little_endian(0, 12));
    };
    for (auto const* magic : {"RF64", "BW64"}) {
        auto const file = [&](std::uint64_t size) {
            return magic + little_endian(unknown, 4) + "WAVE" + sizes(size) + wav_format() + data(unknown, 16'000);
        };
        EXPECT_EQ(walk(Container::wav, file(16'000)).walked.duration_ms, 1000);
        EXPECT_FALSE(walk(Container::wav, file(16'000)).walked.truncated);
        EXPECT_EQ(walk(Container::wav, file(8'000)).walked.duration_ms, 500);
        EXPECT_TRUE(walk(Container::wav, file(std::uint64_t{1} << 40)).walked.truncated);
        EXPECT_TRUE(walk(Container::wav, file(~std::uint64_t{0})).walked.truncated);
    }
}

TEST(WavWalker, OtherCodecsAreCountedByTheirFact) {
    auto const adpcm = riff_chunk("fmt ", little_endian(2, 2) + little_endian(1, 2) + little_endian(8000, 4) +
                                              little_endian(4000, 4) + little_endian(256, 2) + little_endian(4, 2));
    auto const sound = riff_chunk("data", filler(10'000));
    auto const file = riff(adpcm + riff_chunk("fact", little_endian(16'000, 4)) + sound);
    EXPECT_EQ(walk(Container::wav, file).walked.duration_ms, 2000);
    EXPECT_EQ(walk(Container::wav, file.substr(0, file.size() - 5000)).walked.duration_ms, 1000);
    EXPECT_EQ(walk(Container::wav, riff(adpcm + sound)).walked.duration_ms, std::nullopt);
}

TEST(WavWalker, DamagedFilesAreRefused) {
    auto const sound = riff_chunk("data", filler(100));
    for (auto const& chunks : {sound, sound + wav_format(), riff_chunk("fmt ", filler(15)) + sound,
                               riff_chunk("fmt ", filler(5000)) + sound}) {
        auto const walked = walk(Container::wav, riff(chunks)).walked;
        ASSERT_TRUE(walked.refusal);
        EXPECT_EQ(walked.refusal->code, ErrorCode::media_unrecognised);
    }
    EXPECT_TRUE(walk(Container::wav, riff("JUNK" + little_endian(unknown, 4) + wav_format() + sound)).walked.refusal);
    EXPECT_TRUE(walk(Container::wav, riff(repeat(riff_chunk("JUNK", ""), 100'000))).walked.refusal);
}

TEST(WavWalker, HowTheBytesArriveDoesNotMatter) {
    auto const file = riff(riff_chunk("JUNK", filler(33)) + wav_format() + riff_chunk("fact", filler(7)) +
                           riff_chunk("data", filler(1000)) + riff_chunk("LIST", filler(20)));
    for (std::size_t size = 0; size <= file.size(); ++size) {
        auto const variant = file.substr(0, size);
        auto const whole = walk(Container::wav, variant);
        auto const split = walk(Container::wav, variant, 1);
        EXPECT_TRUE(alike(split.walked, whole.walked)) << size;
        EXPECT_TRUE(split.image == whole.image) << size;
    }
}

}  // namespace
}  // namespace clinikk::media
