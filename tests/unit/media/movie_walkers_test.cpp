// What is particular to the walkers of movies: splits at every byte, hostile structures, sizes that lie.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "media/format_walker.hpp"
#include "media/piece_reader.hpp"
#include "unit/media/boxes.hpp"
#include "unit/media/media_samples.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace std::string_literals;

struct Movie {
    char const* name;
    Container container;
};

constexpr std::array movies{Movie{"faststart.mp4", Container::iso_media}, Movie{"fragmented.mp4", Container::iso_media},
                            Movie{"tiny.webm", Container::matroska},      Movie{"tiny.mkv", Container::matroska},
                            Movie{"tiny.ts", Container::mpeg_ts},         Movie{"tiny.m2ts", Container::mpeg_ts},
                            Movie{"tiny.mpg", Container::mpeg_ps},        Movie{"tiny.avi", Container::avi}};

TEST(MovieWalker, HowTheBytesArriveDoesNotMatter) {
    for (auto const& [name, container] : movies) {
        auto const file = sample(name);
        for (auto const length : {file.size(), file.size() / 3, file.size() - 1}) {
            auto const part = std::string_view(file).substr(0, length);
            auto const whole = walk(container, part);
            for (std::size_t const piece : {1u, 2u, 3u, 7u, 187u, 189u, 4096u}) {
                auto const split = walk(container, part, piece);
                EXPECT_TRUE(alike(whole.walked, split.walked)) << name << ' ' << length << ' ' << piece;
                EXPECT_EQ(whole.image == split.image, true) << name << ' ' << length << ' ' << piece;
            }
        }
    }
}

TEST(MovieWalker, AFileCutAnywhereIsNeverLongerThanTheWhole) {
    for (auto const& [name, container] : movies) {
        auto const file = sample(name);
        for (std::size_t length = 0; length < file.size(); length += 97) {
            auto const walked = walk(container, std::string_view(file).substr(0, length)).walked;
            EXPECT_LE(walked.end, length) << name << ' ' << length;
            EXPECT_LE(walked.duration_ms.value_or(0), 2'200) << name << ' ' << length;
        }
    }
}

TEST(MovieWalker, SizesThatLieAreNoMedia) {
    auto const ebml = "\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"s;
    auto const segment = ebml + "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff";
    auto const refusal = [](Container container, std::string const& file) {
        auto const walked = walk(container, file).walked;
        return walked.refusal ? std::optional(walked.refusal->code) : std::nullopt;
    };
    // Tracks, a block and a cluster of nearly 2^56 bytes; Tracks of 32 MiB; a file that is nothing but its header.
    EXPECT_EQ(refusal(Container::matroska, segment + "\x16\x54\xae\x6b\x01\xff\xff\xff\xff\xff\xff\xfe"),
              ErrorCode::media_unsupported);
    EXPECT_EQ(refusal(Container::matroska, segment + "\x16\x54\xae\x6b\x12\x00\x00\x00"s),
              ErrorCode::media_unsupported);
    EXPECT_EQ(
        refusal(Container::matroska, segment + "\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xfe\xa3\x84\x81\0\0\x80"s),
        ErrorCode::media_truncated);
    EXPECT_EQ(refusal(Container::matroska, segment), ErrorCode::media_unrecognised);
    EXPECT_EQ(refusal(Container::avi, "RIFF\0\0\0\0AVI LIST\xff\xff\xff\xffhdrl"s), ErrorCode::media_unsupported);
    EXPECT_EQ(refusal(Container::mpeg_ps, "\0\0\1\xba"s + std::string(10, 'x') + "\0\0\1\xe0\xff\xff"s),
              ErrorCode::media_truncated);
}

TEST(MovieWalker, TracksBeyondAThousandAreRefused) {
    auto const ebml = "\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"s;
    std::string entries;
    for (int i = 0; i < 400'000; ++i) entries += "\xae\x83\xd7\x81\1"s;
    auto const size = entries.size();
    auto const tracks = "\x16\x54\xae\x6b\x10"s + static_cast<char>(size >> 16) + static_cast<char>(size >> 8) +
                        static_cast<char>(size) + entries;
    auto const walked = walk(Container::matroska, ebml + tracks).walked;
    ASSERT_TRUE(walked.refusal);
    EXPECT_EQ(walked.refusal->code, ErrorCode::media_unsupported);
}

TEST(PieceReader, FindsAPatternHoweverItIsSplit) {
    auto const bytes = "xx\0\0\0\0\1yyyy\0\0\1z"s;
    auto const pattern = "\0\0\1"s;
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        PieceReader reader;
        std::vector<std::uint64_t> found;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            auto const part = bytes.substr(at, piece);
            reader.feed(part);
            while (reader.skip_to(pattern)) {
                found.push_back(reader.position());
                reader.skip(1);
            }
        }
        EXPECT_EQ(found, (std::vector<std::uint64_t>{4, 11})) << piece;
    }
}

TEST(PieceReader, SkipsWhatIsYetToCome) {
    PieceReader reader;
    reader.feed("abc");
    reader.skip(5);
    EXPECT_FALSE(reader.has_caught_up());
    EXPECT_FALSE(reader.peek(1));
    reader.feed("defgh");
    EXPECT_EQ(reader.peek(3), "fgh");
    EXPECT_FALSE(reader.peek(4));
    reader.feed("i");
    EXPECT_EQ(reader.peek(4), "fghi");
}

}  // namespace
}  // namespace clinikk::media
