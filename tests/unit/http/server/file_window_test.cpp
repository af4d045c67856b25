#include "http/server/file_window.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace clinikk::http {
namespace {

/// The bytes of the pieces, read window by window; of each window only `taken` bytes are sent.
std::string send_all(std::string const& file, std::vector<ByteRange> const& pieces, std::size_t size,
                     std::size_t max_parts, std::uint64_t taken) {
    std::string sent;
    PiecePosition position;
    position.advance(pieces, 0);
    while (position.piece < pieces.size()) {
        auto const window = window_at(pieces, position, size, max_parts);
        EXPECT_LE(window.range.length, size);
        EXPECT_LE(window.parts.size(), max_parts);
        auto const read = file.substr(window.range.offset, window.range.length);
        EXPECT_EQ(read.size(), window.range.length);
        std::string parts;
        for (auto const& part : window.parts) parts += read.substr(part.offset, part.length);
        EXPECT_FALSE(parts.empty());
        parts.resize(std::min<std::uint64_t>(parts.size(), taken));
        sent += parts;
        position.advance(pieces, parts.size());
    }
    return sent;
}

TEST(FileWindow, GivesAllPiecesInTheirOrder) {
    std::string file;
    for (int i = 0; i < 500; ++i) file += static_cast<char>('a' + i % 23);
    std::vector<std::vector<ByteRange>> const cases{
        {{0, 500}},
        {{3, 4}, {9, 1}, {10, 90}, {200, 100}, {499, 1}},
        {{400, 50}, {0, 20}, {10, 20}},
        {{5, 0}, {5, 1}, {7, 0}, {8, 2}, {9, 0}},
        {{0, 10}, {0, 10}},
    };
    for (auto const& pieces : cases) {
        std::string expected;
        for (auto const& piece : pieces) expected += file.substr(piece.offset, piece.length);
        for (std::size_t const size : {1, 7, 64, 1000}) {
            for (std::size_t const parts : {1, 3, 100}) {
                for (std::uint64_t const taken : {1, 5, 1000}) {
                    EXPECT_EQ(send_all(file, pieces, size, parts, taken), expected) << size << ' ' << parts;
                }
            }
        }
    }
}

TEST(FileWindow, ReadsWhatStandsCloseTogetherAtOnce) {
    std::vector<ByteRange> const pieces{{100, 10}, {120, 10}, {600, 10}};
    auto const window = window_at(pieces, {}, 200, 10);
    EXPECT_EQ(window.range.offset, 100U);
    EXPECT_EQ(window.range.length, 30U);
    ASSERT_EQ(window.parts.size(), 2U);
    EXPECT_EQ(window.parts[1].offset, 20U);
}

TEST(FileWindow, TellsLargePiecesFromSmall) {
    EXPECT_TRUE(are_large(std::vector<ByteRange>{{0, 512 * 1024}, {1'000'000, 512 * 1024}}));
    EXPECT_TRUE(are_large(std::vector<ByteRange>{{0, 1024 * 1024}, {2'000'000, 1}}));
    EXPECT_FALSE(are_large(std::vector<ByteRange>{{0, 512 * 1024}, {1'000'000, 512 * 1024 - 1}}));
}

}  // namespace
}  // namespace clinikk::http
