#include "media/packaging/sample_entry.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <optional>
#include <string>
#include <string_view>

#include "media/box_cursor.hpp"
#include "media/packaging/aac.hpp"
#include "media/packaging/language.hpp"
#include "media/packaging/verdict.hpp"
#include "unit/media/packaging/movies.hpp"

namespace clinikk::media::packaging {
namespace {

using namespace movies;

// Main profile, level 3.1, with or without parameter sets.
std::string hvcc(bool has_parameter_sets, unsigned profile = 0x01) {
    auto payload = bytes({1, profile, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93}) + zeros(9);
    if (!has_parameter_sets) return box("hvcC", payload + bytes({0}));
    payload += bytes({3});
    for (unsigned const type : {0xa0u, 0xa1u, 0xa2u}) payload += bytes({type, 0, 1, 0, 2, 0x40, 1});
    return box("hvcC", payload);
}

TEST(VideoEntry, NamesTheCodec) {
    EXPECT_EQ(read_video_entry(video_entry()).codec, "avc1.64001f");
    EXPECT_EQ(read_video_entry(video_entry("hvc1", hvcc(true))).codec, "hvc1.1.6.L93.90");
    EXPECT_EQ(read_video_entry(video_entry("hvc1", hvcc(true, 0x62))).codec, "hvc1.A2.6.H93.90");
    EXPECT_EQ(read_video_entry(video_entry("av01", box("av1C", bytes({0x81, 0x05, 0x0c, 0})))).codec, "av01.0.05M.08");
    EXPECT_EQ(read_video_entry(video_entry("av01", box("av1C", bytes({0x81, 0x4d, 0xe0, 0})))).codec, "av01.2.13H.12");
    auto const vpcc = [](unsigned level) { return full_box("vpcC", bytes({2, level, 0xa0, 1, 1, 1, 0, 0})); };
    EXPECT_EQ(read_video_entry(video_entry("vp09", vpcc(31))).codec, "vp09.02.31.10");
    EXPECT_EQ(read_video_entry(video_entry("vp09", vpcc(0))).codec, "vp09.02.10.10");
}

TEST(VideoEntry, IsRenamedWhereTheConfigurationHasTheParameterSets) {
    EXPECT_EQ(read_video_entry(video_entry("hev1", hvcc(true))).entry, video_entry("hvc1", hvcc(true)));
    EXPECT_EQ(read_video_entry(video_entry("hev1", hvcc(false))).entry, video_entry("hev1", hvcc(false)));
    EXPECT_EQ(read_video_entry(video_entry("hev1", hvcc(false))).codec, "hev1.1.6.L93.90");
    EXPECT_EQ(read_video_entry(video_entry("avc3")).entry, video_entry("avc1"));
    auto const without = box("avcC", bytes({1, 0x64, 0, 0x1f, 0xff, 0xe0, 0}));
    EXPECT_EQ(read_video_entry(video_entry("avc3", without)).codec, "avc3.64001f");
}

TEST(VideoEntry, TellsTheSizeInSquarePixels) {
    auto const aspect = [](std::uint32_t across, std::uint32_t down) {
        return read_video_entry(video_entry("avc1", avcc + box("pasp", u32(across) + u32(down)), 720, 576)).width;
    };
    EXPECT_EQ(aspect(64, 45), 1024U);
    EXPECT_EQ(aspect(1, 1), 720U);
    EXPECT_EQ(aspect(0, 1), 720U);
    EXPECT_EQ(aspect(0xffff'ffff, 1), 720U);
}

TEST(AudioEntry, NamesTheCodec) {
    struct Case {
        std::string entry;
        std::string_view codec;
        unsigned channels;
        unsigned rate;
    };
    auto const streaminfo = zeros(10) + u32(44100U << 12 | 1 << 9 | 15 << 4) + zeros(20);
    for (auto const& [entry, codec, channels, rate] : {
             Case{audio_entry(), "mp4a.40.2", 2, 48000},
             Case{audio_entry("mp4a", esds("\x12\x30")), "mp4a.40.2", 6, 44100},
             Case{audio_entry("mp4a", esds("\x2b\x09\x88")), "mp4a.40.5", 1, 24000},
             Case{audio_entry("mp4a", esds("\xeb\x09\x88")), "mp4a.40.29", 1, 24000},
             Case{audio_entry("mp4a", esds("\x10\x10"), 2, 0), "mp4a.40.2", 2, 96000},
             Case{audio_entry("Opus", box("dOps", bytes({0, 1, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0}))), "opus", 1,
                  48000},
             Case{audio_entry("fLaC", full_box("dfLa", bytes({0x80, 0, 0, 34}) + streaminfo)), "fLaC", 2, 44100},
             Case{audio_entry("ac-3", box("dac3", bytes({0x10, 0x3d, 0xe0}))), "ac-3", 6, 48000},
             Case{audio_entry("ec-3", box("dec3", bytes({0x06, 0x00, 0x20, 0x0f, 0x00}))), "ec-3", 6, 48000},
         }) {
        auto const facts = read_audio_entry(entry, 0);
        EXPECT_EQ(facts.codec, codec);
        EXPECT_EQ(facts.channels, channels) << codec;
        EXPECT_EQ(facts.sample_rate, rate) << codec;
        EXPECT_EQ(facts.entry, entry) << codec;
    }
}

std::string quicktime_entry(unsigned version, std::string_view more, std::string_view boxes) {
    return box("mp4a", zeros(6) + u16(1) + u16(version) + zeros(6) + u16(2) + u16(16) + u16(0xfffe) + u16(0) +
                           u32(48000U << 16) + std::string(more) + std::string(boxes));
}

TEST(AudioEntry, RewritesThatOfQuickTime) {
    auto const wave = box("wave", box("frma", "mp4a") + box("mp4a", u32(0)) + esds() + u32(8) + u32(0));
    auto const chan = full_box("chan", zeros(12));
    EXPECT_EQ(read_audio_entry(quicktime_entry(1, zeros(16), wave + chan), 0).entry, audio_entry());
    EXPECT_EQ(read_audio_entry(quicktime_entry(0, "", wave), 0).entry, audio_entry());
    auto const rate = u64(std::bit_cast<std::uint64_t>(48000.0));
    auto const more = u32(72) + rate + u32(2) + u32(0x7f00'0000) + zeros(16);
    EXPECT_EQ(read_audio_entry(quicktime_entry(2, more, esds()), 0).entry, audio_entry());
    // Version 1 of ISO/IEC 14496-12 has no more fields: it is told by the version of the `stsd`.
    EXPECT_EQ(read_audio_entry(quicktime_entry(1, "", esds()), 1).entry, quicktime_entry(1, "", esds()));
}

TEST(AudioEntry, RefusesDamage) {
    auto const good = audio_entry();
    for (std::size_t length = 0; length < good.size(); ++length) {
        try {
            read_audio_entry(good.substr(0, length), 0);
            // Only what stands behind the configuration may be missing.
            EXPECT_EQ(length, good.size());
        } catch (DamagedIndex const&) {
        } catch (Unpackageable const&) {
        }
    }
}

TEST(Aac, HasSilentFrames) {
    EXPECT_EQ(silent_aac_frame(1), bytes({0x00, 0x00, 0x00, 0x07}));
    EXPECT_EQ(silent_aac_frame(2), bytes({0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0e}));
    for (unsigned const channels : {3u, 4u, 5u, 6u, 7u}) EXPECT_GT(silent_aac_frame(channels).size(), 8U);
    EXPECT_EQ(silent_aac_frame(0), "");
    EXPECT_EQ(silent_aac_frame(8), "");
}

TEST(Aac, ReadsAConfiguration) {
    auto const config = read_aac_config(bytes({0xf9, 0x49, 0x0f, 0x00, 0x00, 0x00, 0x00})).value();
    EXPECT_EQ(config.object_type, 32U + 10);
    EXPECT_EQ(read_aac_config(bytes({0x17, 0x80, 0x5d, 0xc0, 0x10}))->sample_rate, 48'000U);
    EXPECT_FALSE(read_aac_config("\x11"));
    EXPECT_FALSE(read_aac_config(""));
}

TEST(Language, IsAsShortAsBcp47Wants) {
    EXPECT_EQ(language_of(0x15c7), "en");
    EXPECT_EQ(language_of(0x55c4), "");
    EXPECT_EQ(language_of(0), "");
    EXPECT_EQ(language_of(2), "de");
    EXPECT_EQ(language_of(0x7fff), "");
    EXPECT_EQ(language_of(0x1dec), "gol");
    EXPECT_EQ(language_code("en"), 0x15c7);
    EXPECT_EQ(language_code("en-GB"), 0x15c7);
    EXPECT_EQ(language_code("gol"), 0x1dec);
    EXPECT_EQ(language_code(""), 0x55c4);
    EXPECT_TRUE(is_language_tag("pt-BR"));
    EXPECT_FALSE(is_language_tag(""));
    EXPECT_FALSE(is_language_tag("e"));
    EXPECT_FALSE(is_language_tag("en\""));
    EXPECT_FALSE(is_language_tag("en-"));
}

}  // namespace
}  // namespace clinikk::media::packaging
