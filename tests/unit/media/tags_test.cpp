#include "media/tags.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/media/audio_files.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;
using namespace std::string_literals;

std::uint64_t end_of_media(std::string const& file) { return trailing_tags(MemoryBytes(file), file.size()); }

TEST(TrailingTags, AreFoundInAnyOrder) {
    auto const media = filler(7000);
    std::vector<std::string> const tags{id3v1(),         ape(0, false),
                                        ape(100, false), ape(100, true),
                                        lyrics3v2(50),   "LYRICSBEGIN" + filler(70) + "LYRICSEND",
                                        id3v2(40, true), "TAG+" + filler(223) + id3v1()};
    EXPECT_EQ(end_of_media(media), media.size());
    for (auto const& first : tags) {
        EXPECT_EQ(end_of_media(media + first), media.size());
        EXPECT_EQ(end_of_media(first), 0u);
        for (auto const& second : tags) EXPECT_EQ(end_of_media(media + first + second), media.size());
    }
}

TEST(TrailingTags, ThatAreDamagedAreNone) {
    auto const media = filler(100);
    for (auto const& end : {
             "TAG"s,
             "APETAGEX"s + little_endian(2000, 4) + little_endian(31, 4) + std::string(16, '\0'),
             "APETAGEX"s + little_endian(2000, 4) + little_endian(0xffffffff, 4) + std::string(16, '\0'),
             "APETAGEX"s + little_endian(2000, 4) + little_endian(0, 4) + std::string(16, '\0'),
             "999999LYRICS200"s,
             "00-100LYRICS200"s,
             "LYRICSEND"s,
             "LYRICS200"s,
             "3DI\4\0\0\x7f\x7f\x7f\x7f"s,
             "3DI\4\0\0\xff\xff\xff\xff"s,
         }) {
        EXPECT_EQ(end_of_media(media + end), media.size() + end.size()) << end;
        EXPECT_EQ(end_of_media(end), end.size()) << end;
    }
    EXPECT_EQ(end_of_media(""), 0u);
}

TEST(TrailingTags, AreLookedForABoundedNumberOfTimes) {
    auto const file = repeat(ape(0, false), 1000);
    EXPECT_LT(end_of_media(file), file.size());
}

TEST(LeadingTag, TellsItsLength) {
    EXPECT_EQ(leading_tag(id3v2(300)), 310u);
    EXPECT_EQ(leading_tag(id3v2(300, true)), 320u);
    EXPECT_EQ(leading_tag("ID3\4\0\0\x7f\x7f\x7f\x7f"s), (1u << 28) - 1 + 10);
    EXPECT_EQ(leading_tag(ape(300, true)), 364u);
    EXPECT_EQ(leading_tag(ape(0, false)), std::nullopt) << "a footer";
    EXPECT_EQ(leading_tag("ID3\4\0\0\0\0\0\x80"s), std::nullopt);
    EXPECT_EQ(leading_tag("ID3\xff\0\0\0\0\0\0"s), std::nullopt);
    EXPECT_EQ(leading_tag("ID3\4\0\0\0\0\0"s), std::nullopt);
    EXPECT_EQ(leading_tag(""), std::nullopt);
}

}  // namespace
}  // namespace clinikk::media
