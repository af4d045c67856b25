#include "media/packaging/fast_start.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "unit/media/boxes.hpp"

namespace clinikk::media::packaging {
namespace {

using boxes::box;
using boxes::full_box;
using boxes::u32;
using boxes::u64;

/// A source with its `moov` behind the media, and what shall become of it.
struct Movie {
    std::string source{};
    FastStart plan{};
    std::string expected{};
};

std::string movie_box(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    auto const stco = full_box("stco", u32(2) + u32(a) + u32(b));
    auto const co64 = full_box("co64", u32(2) + u64(c) + u64(a));
    return box("moov", box("free", "before") + stco + box("free", "odd") + co64 + "tail");
}

Movie movie() {
    auto const ftyp = box("ftyp", "isom" + u32(0));
    auto const first = box("mdat", "the media of the first box");
    auto const second = box("mdat", "and of the second");
    auto const first_at = ftyp.size();
    auto const movie_at = first_at + first.size();
    auto const size = movie_box(0, 0, 0).size();
    auto const second_at = movie_at + size;
    Movie result;
    result.source = ftyp + first + movie_box(first_at + 8, second_at - size + size + 8, second_at + 12) + second;
    result.plan.movie_offset = movie_at;
    result.plan.movie_size = size;
    result.plan.tables = {{.offset = movie_at + 8 + 14 + 16, .count = 2, .entry_bytes = 4},
                          {.offset = movie_at + 8 + 14 + 16 + 8 + 11 + 16, .count = 2, .entry_bytes = 8}};
    result.plan.boxes = {{0, first_at}, {first_at, first.size()}, {second_at, second.size()}};
    result.expected = ftyp + movie_box(first_at + 8 + size, second_at + 8, second_at + 12) + first + second;
    return result;
}

/// The bytes of a range, read in windows of at most `window` bytes.
std::string serve(Movie const& movie, FastStartLayout const& layout, ByteRange range, std::uint64_t window = 1 << 20) {
    std::string_view const source(movie.source);
    std::string bytes;
    for (auto const& piece : layout.pieces(range)) {
        if (!piece.is_rewritten) {
            bytes += source.substr(piece.source.offset, piece.source.length);
            continue;
        }
        for (auto rest = piece.source; rest.length > 0;) {
            Run const part{.offset = rest.offset, .length = std::min(window, rest.length)};
            auto const read = layout.to_read(part);
            EXPECT_LE(read.length, part.length + 14);
            bytes += layout.rewrite(part, std::string(source.substr(read.offset, read.length)));
            rest.offset += part.length;
            rest.length -= part.length;
        }
    }
    return bytes;
}

TEST(FastStart, PutsTheMovieInFrontAndMovesChunkOffsets) {
    auto const movie = packaging::movie();
    FastStartLayout const layout(movie.plan, movie.source.size());
    ASSERT_EQ(layout.length(), movie.expected.size());
    EXPECT_EQ(serve(movie, layout, {0, layout.length()}), movie.expected);
}

TEST(FastStart, AnswersEveryRangeAsACutOfTheWhole) {
    auto const movie = packaging::movie();
    FastStartLayout const layout(movie.plan, movie.source.size());
    for (std::uint64_t from = 0; from < layout.length(); ++from) {
        for (std::uint64_t to = from; to <= layout.length(); ++to) {
            ASSERT_EQ(serve(movie, layout, {from, to - from}), movie.expected.substr(from, to - from))
                << from << " to " << to;
        }
    }
}

TEST(FastStart, RewritesInWindowsOfAnySize) {
    auto const movie = packaging::movie();
    FastStartLayout const layout(movie.plan, movie.source.size());
    for (std::uint64_t window = 1; window < 40; ++window) {
        EXPECT_EQ(serve(movie, layout, {0, layout.length()}, window), movie.expected) << window;
    }
}

TEST(FastStart, LeavesAFileAsItIsThatStartsFastAlready) {
    FastStart plan;
    plan.is_in_front = true;
    plan.tables = {{.offset = 10, .count = 2, .entry_bytes = 4}};
    FastStartLayout const layout(plan, 100);
    EXPECT_EQ(layout.length(), 100U);
    auto const pieces = layout.pieces({20, 30});
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].source.offset, 20U);
    EXPECT_EQ(pieces[0].source.length, 30U);
    EXPECT_FALSE(pieces[0].is_rewritten);
}

TEST(FastStart, JoinsBoxesThatStayNeighbours) {
    FastStart plan{.movie_offset = 60, .movie_size = 40};
    plan.boxes = {{0, 10}, {10, 20}, {30, 30}};
    FastStartLayout const layout(plan, 100);
    auto const pieces = layout.pieces({0, 100});
    ASSERT_EQ(pieces.size(), 3U);
    EXPECT_EQ(pieces[2].source.offset, 10U);
    EXPECT_EQ(pieces[2].source.length, 50U);
}

TEST(FastStart, SkipsBoxesThatAreLeftOut) {
    FastStart plan{.movie_offset = 60, .movie_size = 8};
    plan.boxes = {{0, 10}, {30, 30}};
    plan.tables = {};
    FastStartLayout const layout(plan, 68);
    EXPECT_EQ(layout.length(), 48U);
    EXPECT_EQ(layout.pieces({0, 48}).size(), 3U);
}

}  // namespace
}  // namespace clinikk::media::packaging
