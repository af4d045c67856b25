#include "media/packaging/dash.hpp"

#include <gtest/gtest.h>

#include <string>

#include "media/packaging/presentation.hpp"
#include "unit/media/packaging/hand_made_index.hpp"

namespace clinikk::media::packaging {
namespace {

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Dash, DescribesTheFilmWithItsAudio) {
    auto english = speech();
    english.track.language = "en";
    auto const index = index_of({film(), english});
    auto const base = "../segments/" + index->digest() + "/$RepresentationID$/";
    auto const addresses = "initialization=\"" + base + "init.mp4\" media=\"" + base + "$Number$.m4s\">\n";
    EXPECT_EQ(dash_manifest(*index),
              R"(<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="PT10.000000S" minBufferTime="PT4S">
  <Period id="1" start="PT0S">
      <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
        <SegmentTemplate timescale="1000" startNumber="1" )" +
                  addresses + R"(          <SegmentTimeline>
            <S t="0" d="4000" r="1"/>
            <S d="2000"/>
          </SegmentTimeline>
        </SegmentTemplate>
        <Representation id="1" codecs="avc1.64001f" bandwidth="1500" width="640" height="360" sar="1:1" frameRate="2000/1000"/>
      </AdaptationSet>
      <AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
        <Label>en</Label>
        <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
        <SegmentTemplate timescale="48000" startNumber="1" )" +
                  addresses + R"(          <SegmentTimeline>
            <S t="0" d="191488"/>
            <S d="192512"/>
            <S d="96000"/>
          </SegmentTimeline>
        </SegmentTemplate>
        <Representation id="2" codecs="mp4a.40.2" bandwidth="300" audioSamplingRate="48000">
          <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
        </Representation>
      </AdaptationSet>
  </Period>
</MPD>
)");
}

TEST(Dash, EscapesText) {
    auto audio = speech();
    audio.track.name = "<\"Q&A\">\x01\x7f";
    audio.track.language = "\"/>";
    auto const text = dash_manifest(*index_of({audio}));
    EXPECT_TRUE(contains(text, "<Label>&lt;&quot;Q&amp;A&quot;&gt;</Label>")) << text;
    EXPECT_TRUE(contains(text, "lang=\"&quot;/&gt;\"")) << text;
}

TEST(Dash, SaysThatSegmentsOfOpenGroupsNeedTheOneBefore) {
    auto const text = dash_manifest(*index_of({film(), speech()}, false));
    EXPECT_TRUE(contains(text, "mimeType=\"video/mp4\" segmentAlignment=\"true\" startWithSAP=\"3\"")) << text;
    EXPECT_TRUE(contains(text, "mimeType=\"audio/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\"")) << text;
}

TEST(Presentation, PlaysTheFirstOfSeveralVideoTracks) {
    auto other = film();
    other.track.id = 5;
    auto const index = index_of({speech(), film(), other});
    auto const presentation = present(*index);
    EXPECT_EQ(presentation.video, 1U);
    EXPECT_EQ(find_track(*index, 5), 2U);
    EXPECT_EQ(find_track(*index, 9), std::nullopt);
}

TEST(Presentation, RoundsMicrosecondsWithoutOverflow) {
    EXPECT_EQ(to_microseconds(1, 3), 333'333U);
    EXPECT_EQ(to_microseconds(2, 3), 666'667U);
    EXPECT_EQ(to_microseconds(std::uint64_t{1} << 50, 4'000'000'000U), 281'474'976'711U);
}

TEST(Presentation, LeavesOutWhatIsNoText) {
    EXPECT_EQ(printable("A\tb\x7f\xc2\x85 \xef\xbf\xbe!"), "Ab !");
    EXPECT_EQ(printable("\xc3\x28"), "");
}

}  // namespace
}  // namespace clinikk::media::packaging
