#include "media/flac_walker.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/media/audio_files.hpp"
#include "unit/media/media_samples.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;

constexpr std::size_t stream_info_end = 42;

// A metadata block that is not the last.
std::string block(char type, std::string_view payload) {
    std::string bytes(1, type);
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift & 0xff);
    return bytes + std::string(payload);
}

// The file with more metadata behind its stream information.
std::string with_blocks(std::string const& file, std::string_view blocks) {
    return file.substr(0, stream_info_end) + std::string(blocks) + file.substr(stream_info_end);
}

// The file as if it had been written to a pipe.
std::string with_unknown_length(std::string file) {
    file[21] = static_cast<char>(file[21] & 0xf0);
    file.replace(22, 4, std::string(4, '\0'));
    return file;
}

TEST(FlacWalker, CountsSamples) {
    auto const file = sample("tiny.flac");
    for (auto const& variant :
         {file, with_unknown_length(file), with_blocks(file, block(6, filler(300'000)) + block(1, filler(70'000))),
          file + id3v1(), file + ape(300, true), file + std::string(5000, '\0'), file + filler(777)}) {
        auto const walked = walk(Container::flac, variant).walked;
        ASSERT_FALSE(walked.refusal);
        EXPECT_NEAR(static_cast<double>(walked.duration_ms.value_or(0)), 2000, 30);
        EXPECT_EQ(walked.duration_ms, walk(Container::flac, file).walked.duration_ms);
        EXPECT_FALSE(walked.truncated) << variant.size();
    }
}

TEST(FlacWalker, CountsUpToTheLastWholeFrame) {
    auto const file = sample("tiny.flac");
    auto const whole = walk(Container::flac, file).walked;
    std::int64_t longest = 0;
    for (auto size = file.size() / 4; size < file.size(); size += 977) {
        for (auto const& variant : {file.substr(0, size), with_unknown_length(file).substr(0, size)}) {
            auto const cut = walk(Container::flac, variant).walked;
            if (cut.refusal) continue;
            EXPECT_TRUE(cut.truncated) << size;
            EXPECT_GE(*cut.duration_ms, longest) << size;
            EXPECT_LT(*cut.duration_ms, *whole.duration_ms) << size;
            longest = *cut.duration_ms;
        }
    }
    EXPECT_GT(longest, 1500);
    EXPECT_TRUE(walk(Container::flac, file.substr(0, file.size() - 1)).walked.truncated);
}

TEST(FlacWalker, ProbesSeeStreamInformationAndFramesAlone) {
    auto const file = sample("tiny.flac");
    auto const plain = walk(Container::flac, file).image;
    EXPECT_EQ(walk(Container::flac, with_blocks(file, block(6, filler(9000)))).image, plain);
    EXPECT_EQ(plain.substr(0, 4), "fLaC");
    EXPECT_EQ(plain[4], '\x80') << "the last block";
    EXPECT_EQ(plain.substr(8, 34), file.substr(8, 34));
}

TEST(FlacWalker, HowTheBytesArriveDoesNotMatter) {
    auto const file = with_blocks(sample("tiny.flac"), block(6, filler(100)));
    for (auto const& variant : {file, file.substr(0, file.size() * 2 / 3), file + filler(50)}) {
        auto const whole = walk(Container::flac, variant, variant.size());
        for (std::size_t const piece : {1u, 2u, 7u, 15u, 16u, 17u, 1000u}) {
            auto const split = walk(Container::flac, variant, piece);
            EXPECT_TRUE(alike(split.walked, whole.walked)) << piece;
            EXPECT_TRUE(split.image == whole.image) << piece;
        }
    }
}

TEST(FlacWalker, MissingFramesAreFollowedByOthers) {
    auto file = sample("tiny.flac");
    auto const middle = file.size() / 2;
    file.erase(middle, 20'000);
    auto const walked = walk(Container::flac, file).walked;
    ASSERT_FALSE(walked.refusal);
    EXPECT_EQ(walked.duration_ms, walk(Container::flac, sample("tiny.flac")).walked.duration_ms);
}

TEST(FlacWalker, DamagedOrEmptyFilesAreRefused) {
    auto const file = sample("tiny.flac");
    auto const code = [](std::string const& bytes) {
        auto const walked = walk(Container::flac, bytes).walked;
        return walked.refusal ? std::optional(walked.refusal->code) : std::nullopt;
    };
    for (std::size_t const size : {4u, 8u, 41u, 42u, 100u}) {
        EXPECT_EQ(code(file.substr(0, size)), ErrorCode::media_truncated) << size;
    }
    EXPECT_EQ(code("fLaC" + block(1, filler(50)) + file.substr(4)), ErrorCode::media_unrecognised);
    EXPECT_EQ(code("fLaC" + block(0, filler(33))), ErrorCode::media_unrecognised);
    EXPECT_EQ(code("fLaC" + block(0, std::string(34, '\0'))), ErrorCode::media_unrecognised) << "no sample rate";
    EXPECT_EQ(code(file.substr(0, stream_info_end) + std::string("\6\xff\xff\xff", 4) + file.substr(stream_info_end)),
              ErrorCode::media_truncated);
    // Blocks without end are no more work than their bytes.
    EXPECT_EQ(code(file.substr(0, stream_info_end) + repeat(block(1, ""), 200'000)), ErrorCode::media_truncated);
}

}  // namespace
}  // namespace clinikk::media
