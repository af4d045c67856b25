#include "media/box_walker.hpp"

#include <gtest/gtest.h>

#include "media/big_endian.hpp"
#include "unit/media/boxes.hpp"

namespace clinikk::media {
namespace {

using namespace boxes;
using namespace std::string_literals;

std::string movie_file() {
    return box("ftyp", "isom\0\0\2\0isomiso2"s) + box("uuid", std::string(16, 'u') + "payload") +
           wide_box("mdat", std::string(40, 'm')) + box("moov", box("mvhd", std::string(100, 'h')));
}

BoxVerdict verdict_of(std::string_view file) {
    BoxWalker walker;
    walker.feed(file);
    return walker.finish(file.size());
}

TEST(BoxWalker, FindsTheBoxesHoweverTheFileIsSplit) {
    auto const file = movie_file();
    for (std::size_t split = 0; split <= file.size(); ++split) {
        BoxWalker walker;
        walker.feed(std::string_view(file).substr(0, split));
        walker.feed(std::string_view(file).substr(split));
        ASSERT_EQ(walker.boxes().size(), 4U) << split;
        EXPECT_EQ(walker.boxes()[0].type, four_cc("ftyp"));
        EXPECT_EQ(walker.boxes()[1].type, four_cc("uuid"));
        EXPECT_EQ(walker.boxes()[2].type, four_cc("mdat"));
        EXPECT_EQ(walker.boxes()[2].header_size, 16);
        EXPECT_EQ(walker.boxes()[2].size, 56U);
        ASSERT_TRUE(walker.movie());
        EXPECT_EQ(walker.movie()->offset, file.size() - 116);
        EXPECT_EQ(walker.movie()->size, 116U);
        EXPECT_EQ(std::string_view(walker.movie()->header.data(), 8), file.substr(file.size() - 116, 8));
        EXPECT_EQ(walker.finish(file.size()), BoxVerdict::complete);
    }
}

TEST(BoxWalker, TakesSingleBytes) {
    auto const file = movie_file();
    BoxWalker walker;
    for (char const c : file) walker.feed({&c, 1});
    EXPECT_EQ(walker.position(), file.size());
    EXPECT_EQ(walker.boxes().size(), 4U);
    EXPECT_EQ(walker.finish(file.size()), BoxVerdict::complete);
}

TEST(BoxWalker, EveryShorterFileIsWithoutItsIndex) {
    auto const file = movie_file();
    for (std::size_t length = 1; length < file.size(); ++length) {
        EXPECT_EQ(verdict_of(std::string_view(file).substr(0, length)), BoxVerdict::without_index) << length;
    }
}

TEST(BoxWalker, ALastBoxMayTakeTheRest) {
    auto const start = box("ftyp", "isom") + box("moov", "x");
    EXPECT_EQ(verdict_of(start + u32(0) + "mdat" + std::string(1000, 'm')), BoxVerdict::complete);
    EXPECT_EQ(verdict_of(box("ftyp", "isom") + box("mdat", "m") + u32(0) + "moov" + "rest"), BoxVerdict::complete);
}

TEST(BoxWalker, RefusesHostileSizes) {
    auto const start = box("ftyp", "isom");
    EXPECT_EQ(verdict_of(start + u32(1) + "mdat" + u64(std::uint64_t{1} << 63) + "x"), BoxVerdict::without_index);
    EXPECT_EQ(verdict_of(start + u32(1) + "mdat" + u64(~std::uint64_t{0}) + "x"), BoxVerdict::without_index);
    EXPECT_EQ(verdict_of(start + u32(1) + "mdat" + u64(15) + "x"), BoxVerdict::malformed);
    EXPECT_EQ(verdict_of(start + u32(7) + "mdat" + "x"), BoxVerdict::malformed);
    EXPECT_EQ(verdict_of(start + u32(2) + "moov" + "x"), BoxVerdict::malformed);
}

TEST(BoxWalker, IgnoresWhatIsNoBoxBehindAWholeMovie) {
    auto const file = movie_file();
    EXPECT_EQ(verdict_of(file + "\xff\xfe\xff\x00\x80\x81\x82\x83padding"s), BoxVerdict::complete);
    EXPECT_EQ(verdict_of(file + std::string(100, '\0')), BoxVerdict::complete);
    EXPECT_EQ(verdict_of(file + "\0\0\0\3\1\2\3\4"s), BoxVerdict::complete);
    EXPECT_EQ(verdict_of(file + u32(500) + "mdat" + "cut off"), BoxVerdict::truncated);
    EXPECT_EQ(verdict_of(file + u32(500) + "moof" + "cut off"), BoxVerdict::truncated);
    EXPECT_EQ(verdict_of(file + u32(500) + "free" + "cut off"), BoxVerdict::truncated);
    EXPECT_EQ(verdict_of(file + u32(500) + "what" + "cut off"), BoxVerdict::complete);
    for (auto const& tag : {"APETAGEX\xd0\7\0\0\x20\0\0\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0\0"s,
                            "TAG"s + std::string(125, 'x'), std::string(4096, '\0')}) {
        BoxWalker walker;
        walker.feed(file + tag);
        EXPECT_EQ(walker.finish(file.size() + tag.size()), BoxVerdict::complete);
        EXPECT_EQ(walker.end(file.size() + tag.size()), file.size());
    }
}

TEST(BoxWalker, TellsSegmentsAndOtherThingsFromMovies) {
    EXPECT_EQ(verdict_of(box("styp", "msdh") + box("moof", "m") + box("mdat", "d")), BoxVerdict::segment);
    EXPECT_EQ(verdict_of(box("ftyp", "mif1") + box("meta", "m") + box("mdat", "d")), BoxVerdict::no_movie);
    EXPECT_EQ(verdict_of(box("free", "")), BoxVerdict::no_movie);
    EXPECT_EQ(verdict_of(box("ftyp", "isom") + box("free", "")), BoxVerdict::without_index);
}

TEST(BoxWalker, KeepsTheLastFragmentOfBoundedSize) {
    auto const start = box("ftyp", "isom") + box("moov", "x");
    auto const file = start + box("moof", "first") + box("mdat", "1") + box("moof", "second") + box("mdat", "2");
    auto const larger = file + box("moof", std::string(BoxWalker::max_fragment + 1, 'x'));
    for (auto const split : {start.size() + 3, start.size() + 10, file.size() - 5}) {
        BoxWalker walker;
        walker.feed(std::string_view(larger).substr(0, split));
        walker.feed(std::string_view(larger).substr(split, file.size() - split));
        EXPECT_EQ(walker.last_fragment(), "second");
        EXPECT_EQ(walker.last_fragment_offset(), file.size() - 23);
        walker.feed(std::string_view(larger).substr(file.size()));
        EXPECT_EQ(walker.last_fragment(), "");
    }
}

TEST(BoxWalker, RemembersABoundedNumberOfBoxes) {
    std::string file;
    for (int i = 0; i < 5000; ++i) file += box("free", "");
    file += box("moov", "late") + box("mdat", "m");
    BoxWalker walker;
    walker.feed(file);
    EXPECT_EQ(walker.boxes().size(), BoxWalker::max_boxes);
    ASSERT_TRUE(walker.movie());
    EXPECT_EQ(walker.movie()->offset, 40'000U);
    EXPECT_EQ(walker.finish(file.size()), BoxVerdict::complete);
}

}  // namespace
}  // namespace clinikk::media
