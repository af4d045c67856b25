#include "media/ffprobe.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace clinikk::media {
namespace {

ProbeReport report_of(std::string const& streams, std::string const& format = R"("format_name":"mov")") {
    auto report = read_probe_report(R"({"streams":[)" + streams + R"(],"format":{)" + format + "}}");
    EXPECT_TRUE(report);
    return report.value_or(ProbeReport{});
}

ProbedStream stream_of(std::string const& members) {
    auto const report = report_of("{" + members + "}");
    return report.streams.empty() ? ProbedStream{} : report.streams.front();
}

std::string const video = R"({"codec_type":"video","codec_name":"h264","width":1920,"height":1080})";
std::string const audio = R"({"codec_type":"audio","codec_name":"aac"})";
std::string const cover =
    R"({"codec_type":"video","codec_name":"png","width":64,"height":64,"disposition":{"attached_pic":1}})";

std::optional<ErrorCode> verdict(std::string const& streams, ContentKind stated) {
    auto const facts = judge_media(report_of(streams), {}, stated);
    return facts.has_error() ? std::optional(facts.error().code) : std::nullopt;
}

TEST(ProbeReport, ReadsFormatAndStreams) {
    auto const report =
        report_of(video + "," + audio, R"("format_name":"mov,mp4","start_time":"0.040000","duration":"61.2345",)"
                                       R"("bit_rate":"123456","tags":{"major_brand":"isom"})");
    EXPECT_EQ(report.format, "mov,mp4");
    EXPECT_EQ(report.major_brand, "isom");
    EXPECT_EQ(report.start_ms, 40);
    EXPECT_EQ(report.duration_ms, 61'235);
    EXPECT_EQ(report.bit_rate, 123'456);
    ASSERT_EQ(report.streams.size(), 2U);
    EXPECT_EQ(report.streams[0].codec, "h264");
    EXPECT_EQ(report.streams[0].width, 1920);
    EXPECT_EQ(report.streams[1].type, "audio");
}

TEST(ProbeReport, DropsNumbersOutOfProportion) {
    for (auto const* duration : {"-1", "0", "N/A", "1e300", "nan", "inf", "12x", ""}) {
        EXPECT_FALSE(report_of("", R"("duration":")" + std::string(duration) + "\"").duration_ms) << duration;
    }
    EXPECT_FALSE(report_of("", R"("bit_rate":"-5")").bit_rate);
    EXPECT_FALSE(report_of("", R"("bit_rate":"99999999999999999999")").bit_rate);
    EXPECT_EQ(stream_of(R"("codec_type":"video","width":70000,"height":10)").width, 0);
    EXPECT_EQ(stream_of(R"("codec_type":"video","width":-4,"height":10)").height, 0);
    EXPECT_EQ(stream_of(R"("codec_type":"video","width":1e400,"height":10)").width, 0);
}

TEST(ProbeReport, IsEmptyForAnythingElse) {
    for (auto const* text : {"", "{}", "[]", "nonsense", R"({"streams":[]})", R"({"streams":{},"format":{}})",
                             R"({"streams":[],"format":[]})", R"({"streams":[],"format":{}} trailing)"}) {
        EXPECT_FALSE(read_probe_report(text)) << text;
    }
    EXPECT_FALSE(read_probe_report(std::string(100'000, '[')));
    EXPECT_TRUE(read_probe_report(R"({"streams":[1,null,"x"],"format":{"tags":5,"duration":{}}})"));
}

TEST(ProbeReport, TurnsPictures) {
    auto const base = std::string(R"("codec_type":"video","width":640,"height":480,)");
    for (auto const* rotation : {"90", "-90", "270", "\"90\"", "-270.0"}) {
        auto const stream = stream_of(base + R"("side_data_list":[{},{"rotation":)" + rotation + "}]");
        EXPECT_EQ(stream.width, 480) << rotation;
        EXPECT_EQ(stream.height, 640) << rotation;
    }
    EXPECT_EQ(stream_of(base + R"("side_data_list":[{"rotation":180}])").width, 640);
    EXPECT_EQ(stream_of(base + R"("tags":{"rotate":"90"})").width, 480);
    EXPECT_EQ(stream_of(base + R"("tags":{"rotate":"x"})").width, 640);
}

TEST(ProbeReport, MakesPixelsSquare) {
    auto const base = std::string(R"("codec_type":"video","width":720,"height":576,"sample_aspect_ratio":")");
    EXPECT_EQ(stream_of(base + "64:45\"").width, 1024);
    EXPECT_EQ(stream_of(base + "1:1\"").width, 720);
    for (auto const* ratio :
         {"0:1", "1:0", "-1:2", "1", ":", "99999999999999999999:1", "100000:1", "1:100000", "2:1x"}) {
        EXPECT_EQ(stream_of(base + ratio + "\"").width, 720) << ratio;
    }
    auto const turned = stream_of(base + R"(64:45","side_data_list":[{"rotation":90}])");
    EXPECT_EQ(turned.width, 576);
    EXPECT_EQ(turned.height, 1024);
}

TEST(MediaVerdict, TheStatedKindNeedsItsTrack) {
    EXPECT_EQ(verdict(video + "," + audio, ContentKind::video), std::nullopt);
    EXPECT_EQ(verdict(video, ContentKind::video), std::nullopt);
    EXPECT_EQ(verdict(audio, ContentKind::audio), std::nullopt);
    EXPECT_EQ(verdict(audio + "," + cover, ContentKind::audio), std::nullopt);
    EXPECT_EQ(verdict(audio, ContentKind::video), ErrorCode::media_kind_mismatch);
    EXPECT_EQ(verdict(audio + "," + cover, ContentKind::video), ErrorCode::media_kind_mismatch);
    EXPECT_EQ(verdict(video + "," + audio, ContentKind::audio), ErrorCode::media_kind_mismatch);
    EXPECT_EQ(verdict(cover, ContentKind::audio), ErrorCode::media_kind_mismatch);
    EXPECT_EQ(verdict("", ContentKind::video), ErrorCode::media_kind_mismatch);
    EXPECT_EQ(verdict(R"({"codec_type":"subtitle","codec_name":"mov_text"})", ContentKind::video),
              ErrorCode::media_kind_mismatch);
}

TEST(MediaVerdict, WhatNobodyCouldPlayIsUnsupported) {
    EXPECT_EQ(verdict(R"({"codec_type":"video","codec_name":"unknown","width":64,"height":64})", ContentKind::video),
              ErrorCode::media_unsupported);
    EXPECT_EQ(verdict(R"({"codec_type":"video","codec_name":"h264","width":0,"height":0})", ContentKind::video),
              ErrorCode::media_unsupported);
    EXPECT_EQ(verdict(R"({"codec_type":"audio"})", ContentKind::audio), ErrorCode::media_unsupported);
    MediaContext context;
    context.walked.encrypted = true;
    EXPECT_EQ(judge_media(report_of(video), context, ContentKind::video).error().code, ErrorCode::media_unsupported);
    EXPECT_EQ(verdict(R"({"codec_type":"audio","codec_name":"opus","tags":{"enc_key_id":"AA=="}})", ContentKind::audio),
              ErrorCode::media_unsupported);
}

struct Case {
    Container container;
    bool webm;
    std::string brand;
    std::string streams;
    std::string media_type;
    std::string extension;
};

TEST(MediaVerdict, NamesTheTypeByContainerAndTracks) {
    auto const both = video + "," + audio;
    auto const opus = std::string(R"({"codec_type":"audio","codec_name":"opus"})");
    for (auto const& c : {
             Case{Container::iso_media, false, "isom", both, "video/mp4", "mp4"},
             Case{Container::iso_media, false, "M4V ", both, "video/mp4", "mp4"},
             Case{Container::iso_media, false, "3gp6", both, "video/mp4", "mp4"},
             Case{Container::iso_media, false, "M4A ", audio, "audio/mp4", "m4a"},
             Case{Container::iso_media, false, "qt  ", both, "video/quicktime", "mov"},
             Case{Container::iso_media, false, "", both, "video/quicktime", "mov"},
             Case{Container::matroska, true, "", both, "video/webm", "webm"},
             Case{Container::matroska, true, "", opus, "audio/webm", "webm"},
             Case{Container::matroska, false, "", both, "video/x-matroska", "mkv"},
             Case{Container::matroska, false, "", audio, "audio/x-matroska", "mka"},
             Case{Container::mpeg_ts, false, "", both, "video/mp2t", "ts"},
             Case{Container::mpeg_ps, false, "", both, "video/mpeg", "mpg"},
             Case{Container::avi, false, "", both, "video/x-msvideo", "avi"},
             Case{Container::mpeg_audio, false, "", audio, "audio/mpeg", "mp3"},
             Case{Container::adts, false, "", audio, "audio/aac", "aac"},
             Case{Container::wav, false, "", audio, "audio/wav", "wav"},
             Case{Container::flac, false, "", audio, "audio/flac", "flac"},
             Case{Container::ogg, false, "", both, "video/ogg", "ogv"},
             Case{Container::ogg, false, "", audio, "audio/ogg", "ogg"},
             Case{Container::ogg, false, "", opus, "audio/ogg", "opus"},
         }) {
        auto const report = report_of(c.streams, R"("tags":{"major_brand":")" + c.brand + "\"}");
        auto const kind = c.streams == both ? ContentKind::video : ContentKind::audio;
        auto const facts = judge_media(report, {c.container, c.webm, 1000}, kind);
        ASSERT_TRUE(facts.has_value()) << c.media_type;
        EXPECT_EQ(facts->media_type, c.media_type);
        EXPECT_EQ(facts->extension, c.extension);
    }
}

TEST(MediaVerdict, TellsDurationAndBitRate) {
    auto const format = std::string(R"("start_time":"2.0","duration":"10.0","bit_rate":"800")");
    auto const whole = judge_media(report_of(audio, format), {Container::wav, false, 1000}, ContentKind::audio);
    EXPECT_EQ(whole->duration_ms, 10'000);
    EXPECT_EQ(whole->bit_rate, 800);

    MediaContext context{Container::iso_media, false, 100'000};
    context.walked.end_ms = 102'000;
    auto const fragmented = judge_media(report_of(audio, format), context, ContentKind::audio);
    EXPECT_EQ(fragmented->duration_ms, 100'000);
    EXPECT_EQ(fragmented->bit_rate, 8'000);

    auto const by_stream = std::string(R"({"codec_type":"audio","codec_name":"aac","duration":"4.5"})");
    EXPECT_EQ(judge_media(report_of(by_stream), {Container::wav, false, 0}, ContentKind::audio)->duration_ms, 4'500);
    auto const unknown = judge_media(report_of(audio), {Container::wav, false, 1000}, ContentKind::audio);
    EXPECT_FALSE(unknown->duration_ms);
    EXPECT_FALSE(unknown->bit_rate);
}

TEST(FfprobeArguments, NameOneDemuxerAndTheFileProtocol) {
    auto const arguments = ffprobe_arguments(Container::matroska);
    auto const value_of = [&](std::string_view option) {
        auto const found = std::ranges::find(arguments, option);
        return found == arguments.end() ? std::string() : *(found + 1);
    };
    EXPECT_EQ(value_of("-f"), "matroska");
    EXPECT_EQ(value_of("-format_whitelist"), "matroska");
    EXPECT_EQ(value_of("-protocol_whitelist"), "file");
    EXPECT_EQ(value_of("-i"), "file:/proc/self/fd/3");
}

}  // namespace
}  // namespace clinikk::media
