#include "media/ogg_walker.hpp"

#include <gtest/gtest.h>

#include "unit/media/audio_files.hpp"
#include "unit/media/media_samples.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;

// A page whose body is one packet, or a part of one, of `size` bytes.
std::string page(std::uint32_t serial, std::uint64_t granule, int flags, std::string_view body) {
    auto const count = body.size() / 255 + 1;
    auto bytes = std::string("OggS\0", 5) + static_cast<char>(flags) + little_endian(granule, 8) +
                 little_endian(serial, 4) + little_endian(0, 8) + static_cast<char>(std::min<std::size_t>(count, 255));
    auto left = body.size();
    for (std::size_t i = 0; i < count && i < 255; ++i) {
        bytes += static_cast<char>(std::min<std::size_t>(left, 255));
        left -= std::min<std::size_t>(left, 255);
    }
    return bytes + std::string(body);
}

std::string vorbis_head(std::uint32_t serial, std::uint32_t rate = 1000) {
    return page(serial, 0, 2, "\x01vorbis" + little_endian(0, 4) + '\1' + little_endian(rate, 4) + filler(14));
}

TEST(OggWalker, TellsWhenTheLastPageEnds) {
    for (auto const* name : {"tiny.ogg", "tiny.opus", "tiny.ogv"}) {
        auto const file = sample(name);
        auto const walked = walk(Container::ogg, file).walked;
        ASSERT_FALSE(walked.refusal) << name;
        EXPECT_NEAR(static_cast<double>(walked.end_ms.value_or(0)), 2000, 60) << name;
        EXPECT_FALSE(walked.truncated) << name;
        EXPECT_EQ(walked.end, file.size()) << name;
        auto const chain = walk(Container::ogg, file + file).walked;
        EXPECT_EQ(chain.end_ms, *walked.end_ms * 2) << name;
        EXPECT_FALSE(chain.truncated) << name;
    }
}

TEST(OggWalker, TheLongestOfSeveralStreamsCounts) {
    auto const file = vorbis_head(1) + vorbis_head(2) + page(1, 5000, 0, filler(300)) + page(2, 7000, 4, filler(10)) +
                      page(1, 6000, 4, filler(10));
    EXPECT_EQ(walk(Container::ogg, file).walked.end_ms, 7000);
    auto const other = vorbis_head(3) + page(3, 100, 4, filler(10));
    EXPECT_EQ(walk(Container::ogg, file + other).walked.end_ms, 7100);
}

TEST(OggWalker, CutFilesAreCountedUpToTheLastWholePage) {
    auto const file = vorbis_head(1) + page(1, 0, 0, filler(100)) + page(1, 1000, 0, filler(300)) +
                      page(1, 2000, 0, filler(300)) + page(1, 2500, 4, filler(300));
    auto const last = page(1, 2500, 4, filler(300)).size();
    for (std::size_t const less : {std::size_t{1}, std::size_t{300}, last - 27, last - 4, last - 1}) {
        auto const walked = walk(Container::ogg, file.substr(0, file.size() - less)).walked;
        EXPECT_EQ(walked.end_ms, 2000) << less;
        EXPECT_EQ(walked.end, file.size() - last) << less;
        EXPECT_TRUE(walked.truncated) << less;
    }
    EXPECT_TRUE(walk(Container::ogg, file.substr(0, file.size() - last)).walked.truncated) << "no end of stream";
    EXPECT_FALSE(walk(Container::ogg, file).walked.truncated);
    auto const headers = walk(Container::ogg, vorbis_head(1) + page(1, 0, 0, filler(100))).walked;
    ASSERT_TRUE(headers.refusal);
    EXPECT_EQ(headers.refusal->code, ErrorCode::media_truncated);
}

TEST(OggWalker, BytesBetweenAndBehindPagesArePassedOver) {
    auto const file = vorbis_head(1) + "OggS" + filler(3000) + page(1, 1000, 0, filler(300)) + "OggOggSOgg" +
                      page(9, 9000, 0, filler(20)) + page(1, 2000, 4, filler(30));
    for (auto const& behind : {std::string(), id3v1(), filler(100), std::string(70'000, '\0'), ape(40, true)}) {
        auto const walked = walk(Container::ogg, file + behind).walked;
        EXPECT_EQ(walked.end_ms, 2000);
        EXPECT_FALSE(walked.truncated);
        EXPECT_EQ(walked.end, file.size());
    }
}

TEST(OggWalker, HeaderPagesAreKeptHoweverManyThereAre) {
    auto file = vorbis_head(1);
    for (int i = 0; i < 300; ++i) file += page(1, 0, 1, filler(65'024));
    auto const headers = file.size();
    ASSERT_GT(headers, 18u << 20);
    for (int i = 1; i <= 100; ++i)
        file += page(1, static_cast<std::uint64_t>(i) * 1000, i == 100 ? 4 : 0, filler(65'024));
    auto const result = walk(Container::ogg, file, 100'000);
    EXPECT_TRUE(result.image.substr(0, headers + 200'000) == file.substr(0, headers + 200'000));
    EXPECT_EQ(result.walked.end_ms, 100'000);
}

TEST(OggWalker, HeadersBeyondTheLimitAreRefused) {
    auto file = vorbis_head(1);
    auto const comment = page(1, 0, 1, filler(65'024));
    while (file.size() < OggWalker::max_headers + (8 << 20)) file += comment;
    file += page(1, 1000, 4, filler(10));
    auto const walked = walk(Container::ogg, file).walked;
    ASSERT_TRUE(walked.refusal);
    EXPECT_EQ(walked.refusal->code, ErrorCode::media_unsupported);
}

TEST(OggWalker, HowTheBytesArriveDoesNotMatter) {
    for (auto const* name : {"tiny.ogg", "tiny.opus", "tiny.ogv"}) {
        auto const file = sample(name) + filler(40) + sample("tiny.ogg") + id3v1();
        for (auto const& variant : {file, file.substr(0, file.size() / 3), file.substr(0, file.size() - 300)}) {
            auto const whole = walk(Container::ogg, variant, variant.size());
            for (std::size_t const piece : {1u, 3u, 27u, 346u, 5000u}) {
                EXPECT_TRUE(alike(walk(Container::ogg, variant, piece).walked, whole.walked)) << name << ' ' << piece;
            }
        }
    }
}

TEST(OggWalker, HostileNumbersAreOutOfProportion) {
    auto const file = vorbis_head(1, 1) + page(1, 5, 0, filler(10)) + page(1, ~std::uint64_t{1}, 4, filler(10));
    EXPECT_EQ(walk(Container::ogg, file).walked.end_ms, 5000);
    EXPECT_FALSE(walk(Container::ogg, vorbis_head(1, 0) + page(1, 5, 4, filler(10))).walked.end_ms) << "no rate";
    auto const century = vorbis_head(1, 1) + page(1, 300'000'000, 4, "x");
    EXPECT_LT(walk(Container::ogg, repeat(century, 10'000)).walked.end_ms.value_or(0), std::int64_t{1} << 40);
    std::string many;
    for (std::uint32_t serial = 0; serial < 5000; ++serial) many += vorbis_head(serial);
    EXPECT_EQ(walk(Container::ogg, many + page(3, 1000, 4, "x")).walked.end_ms, 1000);
}

}  // namespace
}  // namespace clinikk::media
