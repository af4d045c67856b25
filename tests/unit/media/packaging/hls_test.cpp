#include "media/packaging/hls.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "media/packaging/media_segment.hpp"
#include "unit/media/packaging/hand_made_index.hpp"

namespace clinikk::media::packaging {
namespace {

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Hls, ListsTheFilmWithItsAudio) {
    auto english = speech();
    english.track.language = "en";
    english.track.is_default = true;
    auto const index = index_of({film(), english});
    // Of 2 s each: 100, 90, 110, 90 and 120 bytes, and 140 of boxes each.
    EXPECT_EQ(master_playlist(*index).value(),
              "#EXTM3U\n"
              "#EXT-X-VERSION:7\n"
              "#EXT-X-INDEPENDENT-SEGMENTS\n"
              "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"mp4a\",NAME=\"en\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,"
              "CHANNELS=\"2\",URI=\"2.m3u8\"\n"
              "#EXT-X-STREAM-INF:BANDWIDTH=1800,AVERAGE-BANDWIDTH=1400,CODECS=\"avc1.64001f,mp4a.40.2\","
              "RESOLUTION=640x360,FRAME-RATE=2.000,AUDIO=\"mp4a\"\n"
              "1.m3u8\n"
              "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1040,AVERAGE-BANDWIDTH=968,CODECS=\"avc1.64001f\","
              "RESOLUTION=640x360,URI=\"1-iframes.m3u8\"\n");
}

TEST(Hls, ListsSegmentsWithTheirTimes) {
    auto const index = index_of({film(), speech()});
    auto const base = "../segments/" + index->digest() + "/2/";
    EXPECT_EQ(media_playlist(*index, 1),
              "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
              "#EXT-X-INDEPENDENT-SEGMENTS\n"
              "#EXT-X-MAP:URI=\"" +
                  base + "init.mp4\"\n#EXTINF:4.010667,\n" + base + "1.m4s\n#EXTINF:4.010666,\n" + base +
                  "2.m4s\n#EXTINF:1.978667,\n" + base + "3.m4s\n#EXT-X-ENDLIST\n")
        << "priming is decoded, and not presented";
}

TEST(Hls, ListsKeyFramesWithTheTimeThatTheyStand) {
    auto const index = index_of({film()});
    auto const text = key_frame_playlist(*index, 0).value();
    auto const base = "../segments/" + index->digest() + "/1/";
    EXPECT_TRUE(contains(text, "#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n"));
    for (int number = 1; number <= 5; ++number) {
        EXPECT_TRUE(contains(text, "#EXTINF:2.000000,\n" + base + 'i' + std::to_string(number) + ".m4s\n")) << number;
    }
    EXPECT_FALSE(contains(text, "i6.m4s"));
}

TEST(Hls, HasNoKeyFramePlaylistWhereItSaysNothing) {
    auto only_key_frames = film();
    only_key_frames.track.segments.clear();
    only_key_frames.samples.clear();
    only_key_frames.add(0, 4000, {10, 10}, 2000, 1);
    auto const index = index_of({only_key_frames, speech()});
    EXPECT_FALSE(has_key_frame_playlist(index->tracks()[0]));
    EXPECT_FALSE(contains(master_playlist(*index).value(), "I-FRAME"));
    for (std::size_t const track : {0U, 1U, 2U}) {
        EXPECT_EQ(key_frame_playlist(*index, track).error().code, ErrorCode::not_found) << track;
    }
}

TEST(Hls, HasNoPlaylistOfMoreKeyFramesThanPlayersUse) {
    auto const with_key_frames = [](std::size_t in_segment, std::size_t segments) {
        auto many = film();
        many.track.segments.clear();
        many.samples.clear();
        std::vector<std::uint32_t> const sizes(2 * in_segment, 10);
        for (std::size_t i = 0; i < segments; ++i) many.add(4000 * static_cast<std::int64_t>(i), 4000, sizes, 8, 2);
        return has_key_frame_playlist(index_of({many})->tracks()[0]);
    };
    EXPECT_TRUE(with_key_frames(240, 1));
    EXPECT_FALSE(with_key_frames(241, 1));
    EXPECT_TRUE(with_key_frames(200, 100));
    EXPECT_FALSE(with_key_frames(200, 101));
}

TEST(Hls, DoesNotPromiseIndependentSegmentsOfOpenGroups) {
    auto const index = index_of({film()}, false);
    EXPECT_FALSE(contains(master_playlist(*index).value(), "INDEPENDENT"));
    EXPECT_FALSE(contains(media_playlist(*index, 0), "INDEPENDENT"));
}

TEST(Hls, ListsAudioAlone) {
    auto const one = index_of({speech()});
    EXPECT_EQ(master_playlist(*one).value(),
              "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
              "#EXT-X-STREAM-INF:BANDWIDTH=300,AVERAGE-BANDWIDTH=200,CODECS=\"mp4a.40.2\"\n2.m3u8\n");

    auto hindi = speech(3);
    hindi.track.language = "hi";
    hindi.track.is_default = true;
    auto const two = index_of({speech(), hindi});
    EXPECT_EQ(master_playlist(*two).value(),
              "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
              "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"mp4a\",NAME=\"hi\",LANGUAGE=\"hi\",DEFAULT=YES,AUTOSELECT=YES,"
              "CHANNELS=\"2\"\n"
              "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"mp4a\",NAME=\"Audio\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\","
              "URI=\"2.m3u8\"\n"
              "#EXT-X-STREAM-INF:BANDWIDTH=300,AVERAGE-BANDWIDTH=200,CODECS=\"mp4a.40.2\",AUDIO=\"mp4a\"\n3.m3u8\n")
        << "the default is the variant itself";
}

TEST(Hls, MakesAVariantOfEachAudioCodec) {
    auto surround = speech(3);
    surround.track.codec = "ac-3";
    surround.track.is_default = true;
    surround.track.peak_bit_rate = 700;
    auto const text = master_playlist(*index_of({film(), speech(), surround})).value();
    auto const first = text.find("BANDWIDTH=2200,AVERAGE-BANDWIDTH=1400,CODECS=\"avc1.64001f,ac-3\"");
    auto const second = text.find("BANDWIDTH=1800,AVERAGE-BANDWIDTH=1400,CODECS=\"avc1.64001f,mp4a.40.2\"");
    EXPECT_LT(first, second) << text;
    EXPECT_NE(second, std::string::npos) << text;
}

TEST(Hls, GivesTracksNamesThatAreNeitherTwiceNorEndTheirQuotes) {
    auto first = speech(2);
    auto second = speech(3);
    auto third = speech(4);
    first.track.name = second.track.name = "Say \"hi\"\r\n#EXT-X-ENDLIST";
    third.track.name = "\xff is no text";
    auto const text = master_playlist(*index_of({film(), first, second, third})).value();
    EXPECT_TRUE(contains(text, "NAME=\"Say 'hi'#EXT-X-ENDLIST\",")) << text;
    EXPECT_TRUE(contains(text, "NAME=\"Say 'hi'#EXT-X-ENDLIST 2\",")) << text;
    EXPECT_TRUE(contains(text, "NAME=\"Audio\",")) << text;
}

TEST(Hls, RoundsTimesOnceAndNotAtEachSegment) {
    HandMadeTrack track{{.kind = TrackKind::audio, .id = 1, .timescale = 44100, .codec = "opus"}};
    for (std::int64_t i = 0; i < 3000; ++i) track.add(i * 1024, 1024, {1}, 1024);
    auto const text = media_playlist(*index_of({track}), 0);
    std::uint64_t sum = 0;
    for (std::size_t at = 0; (at = text.find("#EXTINF:0.", at)) != std::string::npos; at += 10) {
        sum += std::stoull(text.substr(at + 10, 6));
    }
    EXPECT_EQ(sum, 69'659'864U) << "3000 * 1024 / 44100 s";
}

TEST(KeyFrameSegment, IsOnePictureWithTheTimeToTheNext) {
    auto const index = index_of({film()});
    auto const layout = key_frame_segment(*index, 0, 3).value();  // 90 bytes at 6 s, in the second segment
    ASSERT_EQ(layout.runs.size(), 1U);
    EXPECT_EQ(layout.runs[0].offset, 100U + 310U + 170U);
    EXPECT_EQ(layout.runs[0].length, 90U);
    auto const u32_at = [&](std::string_view type, std::size_t at) {
        auto const place = layout.head.find(type) + 4 + at;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(layout.head[place + i]);
        return value;
    };
    EXPECT_EQ(u32_at("mfhd", 4), 4U);
    EXPECT_EQ(u32_at("tfhd", 8), 2000U) << "its duration";
    EXPECT_EQ(u32_at("tfdt", 8), 6000U);
    EXPECT_EQ(layout.length, layout.head.size() + 90);
}

TEST(KeyFrameSegment, AndMediaSegmentExistOrAreNotFound) {
    auto const index = index_of({film()});
    EXPECT_TRUE(key_frame_segment(*index, 0, 4));
    EXPECT_EQ(key_frame_segment(*index, 0, 5).error().code, ErrorCode::not_found);
    EXPECT_EQ(key_frame_segment(*index, 1, 0).error().code, ErrorCode::not_found);
    EXPECT_TRUE(media_segment(*index, 0, 2));
    EXPECT_EQ(media_segment(*index, 0, 3).error().code, ErrorCode::not_found);
    EXPECT_EQ(media_segment(*index, 1, 0).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace clinikk::media::packaging
