#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/described.hpp"
#include "media/packaging/make_index.hpp"
#include "media/packaging/packaging_index.hpp"
#include "unit/media/packaging/movies.hpp"

namespace clinikk::media::packaging {
namespace {

using namespace movies;

/// The reason; empty when the file is ready.
std::optional<RenditionReason> verdict(std::string const& file, std::uint64_t size = 0) {
    auto const outcome = make_index(MemoryBytes(file), {.size = size == 0 ? file.size() : size});
    auto const* const refusal = std::get_if<NeedsRendition>(&outcome);
    if (refusal == nullptr) return std::nullopt;
    EXPECT_FALSE(refusal->sentence.empty());
    return refusal->reason;
}

TEST(Verdict, IsReady) { EXPECT_EQ(verdict(movies::file({video(100), audio(100)})), std::nullopt); }

TEST(Verdict, Container) {
    EXPECT_EQ(verdict(""), RenditionReason::container);
    EXPECT_EQ(verdict("\x1a\x45\xdf\xa3 not a box at all"), RenditionReason::container);
    EXPECT_EQ(verdict(ftyp + box("mdat", zeros(100))), RenditionReason::container);
    EXPECT_EQ(verdict(zeros(1000)), RenditionReason::container);
}

TestTrack coded(TestTrack track, std::string entry) {
    track.entry = std::move(entry);
    return track;
}

TEST(Verdict, Codec) {
    EXPECT_EQ(verdict(movies::file({coded(video(100), video_entry("mp4v", esds()))})), RenditionReason::codec);
    EXPECT_EQ(verdict(movies::file({coded(video(100), video_entry("apch", ""))})), RenditionReason::codec);
    EXPECT_EQ(verdict(movies::file({coded(audio(100), audio_entry("alac", ""))})), RenditionReason::codec);
    for (unsigned const mp3 : {0x69u, 0x6bu}) {
        auto const track = coded(audio(100), audio_entry("mp4a", esds("", mp3)));
        EXPECT_EQ(verdict(movies::file({video(100), track})), RenditionReason::codec);
    }
    // Main profile.
    EXPECT_EQ(verdict(movies::file({coded(audio(100), audio_entry("mp4a", esds("\x09\x90")))})),
              RenditionReason::codec);
}

TEST(Verdict, DoesNotPackageTheSoundOfAFilmAlone) {
    EXPECT_EQ(verdict(movies::file({coded(video(100), video_entry("jpeg", "")), audio(200)})), RenditionReason::codec);
}

TEST(Verdict, Encrypted) {
    EXPECT_EQ(verdict(movies::file({coded(video(100), video_entry("encv"))})), RenditionReason::encrypted);
    EXPECT_EQ(verdict(movies::file({video(100), coded(audio(100), audio_entry("enca"))})), RenditionReason::encrypted);
}

TEST(Verdict, Edits) {
    auto const edited = [](std::vector<TestEdit> edits) {
        auto track = video(200);
        track.edits = std::move(edits);
        return verdict(movies::file({track}));
    };
    EXPECT_EQ(edited({{1000, -1}, {8000, 0}}), std::nullopt);
    EXPECT_EQ(edited({{2000, 0}, {2000, 100}}), RenditionReason::edits);
    EXPECT_EQ(edited({{1000, -1}, {1000, -1}, {8000, 0}}), RenditionReason::edits);
    EXPECT_EQ(edited({{1000, -1}, {2000, 0}, {2000, 100}}), RenditionReason::edits);
    EXPECT_EQ(edited({{1000, -1}, {2000, 0}, {2000, 100}, {2000, 150}}), RenditionReason::edits);
    EXPECT_EQ(edited({{1000, -1}}), RenditionReason::edits);
    EXPECT_EQ(edited({{8000, 0, 0x20000}}), RenditionReason::edits);
    EXPECT_EQ(edited({{8000, 0, 0}}), RenditionReason::edits);
    EXPECT_EQ(edited({{8000, -2}}), RenditionReason::edits);
    EXPECT_EQ(edited({{8000, 200}}), RenditionReason::damaged);  // behind the last picture
}

TEST(Verdict, SampleDescriptions) {
    auto track = video(100);
    track.stsc = full_box("stsc", u32(2) + u32(1) + u32(10) + u32(1) + u32(5) + u32(10) + u32(2));
    EXPECT_EQ(verdict(movies::file({track})), RenditionReason::sample_descriptions);
    track.stsc = full_box("stsc", u32(1) + u32(1) + u32(10) + u32(2));
    EXPECT_EQ(verdict(movies::file({track})), RenditionReason::damaged);  // there is no second one
}

TEST(Verdict, KeyFrames) {
    EXPECT_EQ(verdict(movies::file({video(300, 300)})), std::nullopt);
    EXPECT_EQ(verdict(movies::file({video(301, 301)})), RenditionReason::key_frames);
    EXPECT_EQ(verdict(movies::file({video(700, 350)})), RenditionReason::key_frames);
    auto track = video(100);
    track.sync.clear();
    track.more = table("stss", Numbers{});
    EXPECT_EQ(verdict(movies::file({track})), RenditionReason::key_frames);
}

TEST(Verdict, LateAudio) {
    auto const late = [](std::uint64_t milliseconds, std::string entry) {
        auto track = coded(audio(100), std::move(entry));
        track.edits = {{milliseconds, -1}, {2000, 0}};
        return verdict(movies::file({video(200), track}));
    };
    auto const opus = audio_entry("Opus", box("dOps", bytes({0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0})));
    EXPECT_EQ(late(40, opus), std::nullopt);
    EXPECT_EQ(late(41, opus), RenditionReason::late_audio);
    EXPECT_EQ(late(41, audio_entry()), std::nullopt);
    // The stream itself says what its channels are.
    EXPECT_EQ(late(41, audio_entry("mp4a", esds(std::string_view("\x11\x80", 2)))), RenditionReason::late_audio);
    EXPECT_EQ(late(0xffff'ffff, audio_entry()), RenditionReason::too_large);
}

TEST(Verdict, Timing) {
    auto track = video(100);
    track.durations = {{50, 1}, {1, 0}, {49, 1}};
    EXPECT_EQ(verdict(movies::file({track})), RenditionReason::timing);
    track.durations = {{100, 0}};
    EXPECT_EQ(verdict(movies::file({track})), RenditionReason::timing);
    // Composition offsets that are further apart than 32 bits can say.
    track.durations = {{100, 1}};
    track.composition = {{50, 0x8000'0000}, {50, 0x7fff'ffff}};
    EXPECT_NE(verdict(movies::file({track})), std::nullopt);
}

TEST(Verdict, Damaged) {
    using Damage = std::function<void(TestTrack&)>;
    std::vector<std::pair<std::string, Damage>> const damages{
        {"fewer durations", [](TestTrack& track) { track.durations = {{99, 1}}; }},
        {"more durations", [](TestTrack& track) { track.durations = {{101, 1}}; }},
        {"more composition offsets", [](TestTrack& track) { track.composition = {{50, 1}, {0, 0}, {51, 1}}; }},
        {"more sync samples", [](TestTrack& track) { track.sync = {1, 51, 101}; }},
        {"no durations", [](TestTrack& track) { track.durations = {}; }},
        {"fewer composition offsets", [](TestTrack& track) { track.composition = {{99, 1}}; }},
        {"sync samples out of order", [](TestTrack& track) { track.sync = {1, 51, 50}; }},
        {"a sync sample twice", [](TestTrack& track) { track.sync = {1, 51, 51}; }},
        {"fewer chunks", [](TestTrack& track) { track.stsc = full_box("stsc", u32(1) + u32(1) + u32(9) + u32(1)); }},
        {"chunks out of order",
         [](TestTrack& track) {
             track.stsc = full_box("stsc", u32(2) + u32(1) + u32(10) + u32(1) + u32(1) + u32(10) + u32(1));
         }},
        {"no first chunk", [](TestTrack& track) { track.stsc = full_box("stsc", u32(1) + u32(2) + u32(10) + u32(1)); }},
        {"empty chunks", [](TestTrack& track) { track.stsc = full_box("stsc", u32(1) + u32(1) + u32(0) + u32(1)); }},
        {"no timescale", [](TestTrack& track) { track.timescale = 0; }},
        {"no configuration", [](TestTrack& track) { track.entry = video_entry("avc1", ""); }},
        {"a short entry", [](TestTrack& track) { track.entry = box("avc1", zeros(20)); }},
        {"no size of the picture", [](TestTrack& track) { track.entry = video_entry("avc1", avcc, 0, 0); }},
        {"more samples than the table has room for",
         [](TestTrack& track) { track.stsz = full_box("stsz", u32(0) + u32(10'000'000) + zeros(4000)); }},
        {"times without end",
         [](TestTrack& track) {
             track.durations = {{100, 0xffff'ffff}};
             track.timescale = 0xffff'ffff;
             track.sync = {};
             track.edits = {{0xffff'ffff, -1}, {0xffff'ffff, 0}};
         }},
    };
    for (auto const& [name, damage] : damages) {
        auto track = video(100);
        damage(track);
        EXPECT_NE(verdict(movies::file({track, audio(100)})), std::nullopt) << name;
    }
}

TEST(Verdict, TwoTracksOfOneId) {
    EXPECT_EQ(verdict(movies::file({video(100), audio(100, 1)})), RenditionReason::damaged);
    EXPECT_EQ(verdict(movies::file({video(100), audio(100, 2), audio(100, 2)})), RenditionReason::damaged);
}

TEST(Verdict, Empty) {
    EXPECT_EQ(verdict(movies::file({})), RenditionReason::empty);
    EXPECT_EQ(verdict(movies::file({video(0)})), RenditionReason::empty);
    auto outside = video(10);
    outside.chunks = {1'000'000};
    EXPECT_EQ(verdict(ftyp + movie({outside})), RenditionReason::damaged);
    outside.chunks = {0xffff'fff0};
    EXPECT_EQ(verdict(ftyp + movie({outside})), RenditionReason::damaged);
    auto nothing = video(10);
    nothing.sizes.assign(10, 0);
    EXPECT_EQ(verdict(movies::file({nothing})), RenditionReason::damaged);
}

TEST(Verdict, TooManySamples) {
    TestTrack track = audio(0);
    track.durations = {{20'000'000, 1024}};
    track.stsz = full_box("stsz", u32(1) + u32(20'000'000));
    track.stsc = full_box("stsc", u32(1) + u32(1) + u32(20'000'000) + u32(1));
    track.chunks = {0};
    EXPECT_EQ(verdict(ftyp + movie({track}), 1'000'000'000), RenditionReason::too_large);
}

TEST(Verdict, TooManyTracks) {
    std::vector<TestTrack> tracks;
    for (std::uint32_t id = 1; id <= 33; ++id) tracks.push_back(audio(10, id));
    EXPECT_EQ(verdict(movies::file(tracks)), RenditionReason::too_large);
    tracks.pop_back();
    EXPECT_EQ(verdict(movies::file(tracks)), std::nullopt);
    for (std::uint32_t id = 100; id <= 1100; ++id) tracks.push_back(TestTrack{.handler = "text", .id = id});
    EXPECT_EQ(verdict(movies::file(tracks)), RenditionReason::damaged);
}

TEST(Verdict, TooManySamplesInASegment) {
    TestTrack track = audio(0);
    track.timescale = 1'000'000;
    track.durations = {{8193, 1}};
    track.stsz = full_box("stsz", u32(1) + u32(8193));
    track.stsc = full_box("stsc", u32(1) + u32(1) + u32(8193) + u32(1));
    track.chunks = {0};
    EXPECT_EQ(verdict(ftyp + movie({track}), 1'000'000), RenditionReason::too_large);
}

TEST(Verdict, TooManyPiecesInASegment) {
    auto const scattered = [](std::uint32_t samples) {
        TestTrack track = audio(0);
        track.timescale = 8192;
        track.durations = {{samples, 1}};
        track.stsz = full_box("stsz", u32(1) + u32(samples));
        track.stsc = full_box("stsc", u32(1) + u32(1) + u32(1) + u32(1));
        for (std::uint32_t i = 0; i < samples; ++i) track.chunks.push_back(2 * i);
        return verdict(ftyp + movie({track}), 1'000'000);
    };
    EXPECT_EQ(scattered(4096), std::nullopt);
    EXPECT_EQ(scattered(4097), RenditionReason::too_large);
}

TEST(Verdict, TooManySegments) {
    auto const of_length = [](std::size_t segments) {
        auto track = video(4 * segments, 4);
        track.timescale = 1;
        track.sizes.assign(track.sizes.size(), 1);
        return verdict(movies::file({track}));
    };
    EXPECT_EQ(of_length(16'000), std::nullopt);
    EXPECT_EQ(of_length(16'001), RenditionReason::too_large);
}

TEST(Verdict, TooManyBytesInASegment) {
    TestTrack track = audio(0);
    track.durations = {{10, 1024}};
    track.stsz = full_box("stsz", u32(100'000'000) + u32(10));
    track.chunks = {0};
    EXPECT_EQ(verdict(ftyp + movie({track}), 2'000'000'000), RenditionReason::too_large);
}

TEST(Verdict, ZerosBehindTheMovieDoNoHarm) {
    EXPECT_EQ(verdict(movies::file({video(100)}) + zeros(5000)), std::nullopt);
}

// Whatever one byte of a file says, there is a verdict, and the index that comes with it can be read.
TEST(Verdict, SurvivesEveryDamagedByteOfAMoov) {
    auto track = video(60, 20);
    track.composition = {{60, 1}};
    track.edits = {{1000, -1}, {2000, 1}};
    auto sound = audio(60);
    sound.edits = {{1500, -1}, {1000, 1024}};
    auto const good = movies::file({track, sound});
    auto const begin = good.find("moov") - 4;
    for (auto at = begin; at < good.size(); ++at) {
        for (unsigned const mask : {0x01u, 0x80u, 0xffu}) {
            auto bad = good;
            bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ mask);
            auto const outcome = make_index(MemoryBytes(bad), {.size = bad.size()});
            auto const* const built = std::get_if<BuiltIndex>(&outcome);
            if (built == nullptr) continue;
            auto const index = PackagingIndex::parse(built->bytes);
            ASSERT_TRUE(index.has_value()) << at;
            for (std::size_t i = 0; i < (*index)->tracks().size(); ++i) {
                for (std::size_t n = 0; n < (*index)->tracks()[i].segments.size(); ++n) {
                    ASSERT_TRUE((*index)->samples(i, n).has_value()) << at;
                }
            }
        }
    }
}

TEST(PackagingIndex, RefusesDamage) {
    auto const file = movies::file({video(120, 50), audio(230)});
    auto const good = std::get<BuiltIndex>(make_index(MemoryBytes(file), {.size = file.size()})).bytes;
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_TRUE(PackagingIndex::parse(good.substr(0, length)).has_error()) << length;
    }
    EXPECT_TRUE(PackagingIndex::parse(good + "x").has_error());
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto bad = good;
        bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ 0xffu);
        auto const index = PackagingIndex::parse(bad);
        if (index.has_error()) continue;
        for (std::size_t i = 0; i < (*index)->tracks().size(); ++i) {
            for (std::size_t n = 0; n < (*index)->tracks()[i].segments.size(); ++n) {
                auto const samples = (*index)->samples(i, n);
                if (samples.has_error()) continue;
                for (auto const& run : samples->runs) {
                    EXPECT_LE(run.offset + run.length, (*index)->source_size());
                }
            }
        }
    }
    auto other = good;
    other[9] = 2;  // the version
    EXPECT_TRUE(PackagingIndex::parse(other).has_error());
}

}  // namespace
}  // namespace clinikk::media::packaging
