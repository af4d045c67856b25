// What holds for the walkers of all formats.
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>

#include "media/format_walker.hpp"
#include "unit/media/audio_files.hpp"
#include "unit/media/media_samples.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;

constexpr std::array containers{Container::iso_media, Container::matroska,   Container::mpeg_ts, Container::mpeg_ps,
                                Container::avi,       Container::mpeg_audio, Container::adts,    Container::wav,
                                Container::flac,      Container::ogg,        Container::id3};

std::size_t memory_in_use() { return ::mallinfo2().uordblks; }

/// Takes what is kept and forgets it.
class NoParts final : public KeptParts {
public:
    void start_at(std::uint64_t /*offset*/, std::string_view /*header*/) override {}
    void keep(Extent /*part*/) override {}
    void write_at(std::uint64_t /*offset*/, std::string_view /*bytes*/) override {}
};

TEST(FormatWalker, MemoryIsBoundedWhateverTheBytesAre) {
    auto const flac = sample("tiny.flac");
    std::array const units{
        std::string(1 << 16, '\0'),
        std::string(1 << 16, '\xff'),
        repeat("\xff\xfb\x90\x64", 1 << 14),
        repeat("\xff\xf8\xc9\xa8", 1 << 14),
        repeat(id3v2(0), 6000),
        repeat(riff_chunk("JUNK", ""), 8000),
        repeat("OggS", 1 << 14),
        repeat(std::string("OggS\0\2\0\0\0\0\0\0\0\0\1\2\3\4\0\0\0\0\0\0\0\0\0", 27), 2000),
        repeat(std::string("\0\0\0\x8"
                           "free",
                           8),
               8000),
    };
    for (auto const container : containers) {
        for (auto const& unit : units) {
            for (auto const& begin : {std::string(), flac.substr(0, 42), std::string("RIFF\0\0\0\0WAVE", 12)}) {
                NoParts parts;
                auto const before = memory_in_use();
                auto const walker = make_walker(container);
                walker->feed(begin, parts);
                for (int i = 0; i < 100; ++i) walker->feed(unit, parts);
                EXPECT_LT(memory_in_use(), before + (3u << 20)) << static_cast<int>(container);
                walker->end_of_file(parts);
                walker->finish(MemoryBytes({}));
            }
        }
    }
}

TEST(FormatWalker, FilesOfOtherFormatsDoNoHarm) {
    for (auto const* name : {"tiny.mp4", "tiny.mkv", "tiny.ts", "tiny.mpg", "tiny.avi", "tiny.mp3", "tiny.aac",
                             "tiny.wav", "tiny.flac", "tiny.ogg", "cover.mp3"}) {
        auto const file = sample(name);
        for (auto const container : containers) {
            auto const whole = walk(container, file);
            auto const split = walk(container, file, 61);
            EXPECT_TRUE(alike(whole.walked, split.walked)) << name << ' ' << static_cast<int>(container);
            EXPECT_LE(whole.walked.end, file.size());
        }
    }
}

TEST(FormatWalker, EmptyFilesHaveNothingPlayable) {
    for (auto const container : containers) {
        auto const walked = walk(container, {}).walked;
        EXPECT_TRUE(walked.refusal || walked.end == 0) << static_cast<int>(container);
    }
}

}  // namespace
}  // namespace clinikk::media
