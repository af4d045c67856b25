#include "media/frame_walker.hpp"

#include <gtest/gtest.h>

#include "unit/media/audio_files.hpp"
#include "unit/media/walk.hpp"

namespace clinikk::media {
namespace {

using namespace audio_files;

constexpr std::int64_t mp3_ms(std::int64_t frames) { return (frames * 1152 * 1000 + 22050) / 44100; }
constexpr std::int64_t adts_ms(std::int64_t frames) { return (frames * 1024 * 1000 + 22050) / 44100; }

// The frame in front of the sound, with the number of frames.
std::string info_frame(std::uint32_t frames) {
    auto frame = mp3_frame();
    std::string note("Info\0\0\0\1\0\0\0\0\0\0\0\0", 16);
    for (int i = 0; i < 4; ++i) note[8 + i] = static_cast<char>(frames >> (24 - 8 * i) & 0xff);
    return frame.replace(36, note.size(), note);
}

void expect_alike_in_all_pieces(Container container, std::string const& file) {
    auto const whole = walk(container, file, file.size() + 1);
    for (std::size_t const piece : {1u, 2u, 3u, 5u, 100u, 417u, 4096u}) {
        auto const split = walk(container, file, piece);
        EXPECT_TRUE(alike(split.walked, whole.walked)) << piece;
        EXPECT_TRUE(split.image == whole.image) << piece;
    }
}

TEST(FrameWalker, CountsFrames) {
    for (int const frames : {1, 2, 3, 4, 100}) {
        auto const mp3 = walk(Container::mpeg_audio, repeat(mp3_frame(), frames)).walked;
        EXPECT_EQ(mp3.duration_ms, mp3_ms(frames));
        EXPECT_EQ(mp3.end, 417u * static_cast<unsigned>(frames));
        EXPECT_FALSE(mp3.truncated);
        auto const adts = walk(Container::adts, repeat(adts_frame(), frames)).walked;
        EXPECT_EQ(adts.duration_ms, adts_ms(frames));
        EXPECT_FALSE(adts.truncated);
    }
}

TEST(FrameWalker, AFrameThatEndsTooEarlyIsNotCounted) {
    auto const file = repeat(mp3_frame(), 5);
    for (std::size_t const less : {1u, 100u, 412u, 413u, 414u, 416u}) {
        auto const walked = walk(Container::mpeg_audio, file.substr(0, file.size() - less)).walked;
        EXPECT_EQ(walked.duration_ms, mp3_ms(4)) << less;
        EXPECT_EQ(walked.end, 4u * 417u) << less;
        EXPECT_TRUE(walked.truncated) << less;
    }
    EXPECT_FALSE(walk(Container::mpeg_audio, file.substr(0, 4 * 417)).walked.truncated);
}

TEST(FrameWalker, BytesThatAreNoFramesArePassedOver) {
    auto const sound = repeat(mp3_frame(), 10);
    auto const front = walk(Container::mpeg_audio, filler(5000) + sound).walked;
    EXPECT_EQ(front.begin, 5000u);
    EXPECT_EQ(front.duration_ms, mp3_ms(10));
    for (auto const& behind : {filler(5000), id3v1(), ape(100, true), lyrics3v2(30), std::string(3000, '\0'),
                               std::string(100, '\xff'), adts_frame()}) {
        auto const walked = walk(Container::mpeg_audio, sound + behind).walked;
        EXPECT_EQ(walked.duration_ms, mp3_ms(10));
        EXPECT_EQ(walked.end, sound.size());
        EXPECT_FALSE(walked.truncated);
        EXPECT_EQ(walk(Container::mpeg_audio, sound + behind + sound).walked.duration_ms, mp3_ms(20));
    }
    expect_alike_in_all_pieces(Container::mpeg_audio, filler(900) + sound + id3v2(700) + sound + id3v1());
    expect_alike_in_all_pieces(Container::adts, filler(900) + repeat(adts_frame(8191), 4) + id3v2(70) +
                                                    repeat(adts_frame(9), 40) + adts_frame().substr(0, 40));
}

TEST(FrameWalker, ProbesSeeTheSoundAlone) {
    auto const sound = repeat(mp3_frame(), 10);
    EXPECT_EQ(walk(Container::mpeg_audio, filler(5000) + sound).image, sound);
}

TEST(FrameWalker, WhatTheEncoderSaysIsNoSound) {
    auto const sound = repeat(mp3_frame(), 10);
    auto const whole = walk(Container::mpeg_audio, info_frame(10) + sound).walked;
    EXPECT_EQ(whole.duration_ms, mp3_ms(10));
    EXPECT_FALSE(whole.truncated);
    auto const cut = walk(Container::mpeg_audio, info_frame(1000) + sound).walked;
    EXPECT_EQ(cut.duration_ms, mp3_ms(10));
    EXPECT_TRUE(cut.truncated) << "ends between two frames";
    auto const nothing = walk(Container::mpeg_audio, info_frame(1000)).walked;
    ASSERT_TRUE(nothing.refusal);
    EXPECT_EQ(nothing.refusal->code, ErrorCode::media_truncated);
    expect_alike_in_all_pieces(Container::mpeg_audio, info_frame(9) + sound);
}

TEST(FrameWalker, NothingPlayableIsRefused) {
    for (auto const& file : {std::string(), filler(1000), mp3_frame().substr(0, 416), std::string(1000, '\xff')}) {
        EXPECT_TRUE(walk(Container::mpeg_audio, file).walked.refusal) << file.size();
        EXPECT_TRUE(walk(Container::adts, file).walked.refusal) << file.size();
    }
}

TEST(FrameWalker, HeadersOfOtherStreamsAndRawBlocksAreTold) {
    auto frame = adts_frame();
    frame[6] = static_cast<char>(frame[6] | 3);  // four blocks in one frame
    EXPECT_EQ(walk(Container::adts, repeat(frame, 10)).walked.duration_ms, adts_ms(40));
    EXPECT_EQ(mpeg_audio_format.read("\xff\xf3\x90\x64")->samples, 576u) << "version 2";
    EXPECT_FALSE(mpeg_audio_format.read("\xff\xfb\xf0\x64"));
    EXPECT_TRUE(is_free_format(repeat("\xff\xfb\x01\x64" + filler(500), 3)));
    EXPECT_FALSE(is_free_format("\xff\xfb\x01\x64" + filler(500)));
    EXPECT_FALSE(is_free_format(repeat(mp3_frame(), 3)));
    EXPECT_FALSE(is_free_format(""));
}

}  // namespace
}  // namespace clinikk::media
