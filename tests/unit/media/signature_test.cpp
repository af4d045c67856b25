#include "media/signature.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::media {
namespace {

using namespace std::string_literals;

std::optional<Container> container_of(std::string const& head) {
    auto const result = recognise(head);
    return result.has_value() ? std::optional(*result) : std::nullopt;
}

ErrorCode refusal_of(std::string const& head) {
    auto const result = recognise(head);
    return result.has_error() ? result.error().code : ErrorCode::internal;
}

std::string repeated(std::string const& text, int times) {
    std::string all;
    while (times-- > 0) all += text;
    return all;
}

TEST(Signature, KnowsContainersByTheirFirstBytes) {
    EXPECT_EQ(container_of("\0\0\0\x20"
                           "ftypisom"s),
              Container::iso_media);
    EXPECT_EQ(container_of("\0\0\0\x20"
                           "ftypM4A "s),
              Container::iso_media);
    EXPECT_EQ(container_of("\0\0\0\x08"
                           "wide\0\0\0\0mdat"s),
              Container::iso_media);
    EXPECT_EQ(container_of("\0\0\0\x01"
                           "mdat\0\0\1\0\0\0\0\0"s),
              Container::iso_media);
    EXPECT_EQ(container_of("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"), Container::matroska);
    EXPECT_EQ(container_of("\x1a\x45\xdf\xa3\x8f\x42\x86\x81\x01\x42\x82\x88matroska"), Container::matroska);
    EXPECT_EQ(container_of("RIFF\x10\0\0\0AVI LIST"s), Container::avi);
    EXPECT_EQ(container_of("RIFF\x10\0\0\0WAVEfmt "s), Container::wav);
    EXPECT_EQ(container_of("RF64\xff\xff\xff\xffWAVEds64"), Container::wav);
    EXPECT_EQ(container_of("OggS\0\2"s), Container::ogg);
    EXPECT_EQ(container_of("fLaC\0\0\0\x22"s), Container::flac);
    EXPECT_EQ(container_of("ID3\4\0\0\0\0\0\0"s), Container::id3);
    EXPECT_EQ(container_of("\0\0\1\xba\x44"s), Container::mpeg_ps);
}

TEST(Signature, KnowsPacketsAndFramesByTheirDistance) {
    auto const packet = "\x47" + std::string(187, 'p');
    EXPECT_EQ(container_of(repeated(packet, 5)), Container::mpeg_ts);
    EXPECT_EQ(container_of(repeated("time" + packet, 5)), Container::mpeg_ts);
    EXPECT_EQ(container_of(repeated(packet + std::string(16, 'e'), 5)), Container::mpeg_ts);
    EXPECT_EQ(container_of(repeated(packet, 2) + "x" + repeated(packet, 3)), std::nullopt);

    auto const mp3 = "\xff\xfb\x90\x64" + std::string(413, 'm');  // 128 kbit/s at 44.1 kHz: 417 bytes
    EXPECT_EQ(container_of(repeated(mp3, 4)), Container::mpeg_audio);
    EXPECT_EQ(container_of(std::string(500, '\0') + repeated(mp3, 4)), Container::mpeg_audio);
    EXPECT_EQ(container_of(mp3), Container::mpeg_audio) << "one frame is all of a tiny file";
    EXPECT_EQ(container_of(mp3 + "and something else that goes on"), std::nullopt);
    EXPECT_EQ(container_of("some text before" + repeated(mp3, 4)), Container::mpeg_audio);
    EXPECT_EQ(container_of("some text before" + repeated(mp3, 2)), std::nullopt);
    EXPECT_EQ(container_of(std::string(60'000, 'x') + repeated(mp3, 4)), Container::mpeg_audio);
    EXPECT_EQ(container_of(std::string(100'000, 'x') + repeated(mp3, 400)), std::nullopt) << "too late";

    auto const aac = "\xff\xf1\x50\x80\x0c\x9f\xfc" + std::string(93, 'a');  // 100 bytes
    EXPECT_EQ(container_of(repeated(aac, 4)), Container::adts);
    EXPECT_EQ(container_of(repeated(aac, 2) + "\xff\xf1"), Container::adts) << "a recording that stopped";
    EXPECT_EQ(container_of(repeated(aac, 2) + "something else"), std::nullopt);
}

TEST(Signature, OtherFilesAreUnrecognisedWhateverTheyAreCalled) {
    for (auto const& head : {""s,
                             "x"s,
                             "hello, this is a text that goes on for a while\n"s,
                             "<!DOCTYPE html><html>"s,
                             "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s,
                             "\xff\xd8\xff\xe0\0\x10JFIF"s,
                             "GIF89a"s,
                             "RIFF\x10\0\0\0WEBPVP8 "s,
                             "\x7f"
                             "ELF"s,
                             "#EXTM3U\n#EXT-X-TARGETDURATION:10\nhttp://127.0.0.1/a.ts\n"s,
                             "ffconcat version 1.0\nfile '/etc/passwd'\n"s,
                             "<?xml version=\"1.0\"?><MPD>"s,
                             "1\n00:00:01,000 --> 00:00:02,000\nHello\n"s,
                             "WEBVTT\n\n"s,
                             "[playlist]\n"s,
                             "\0\0\0\x18"
                             "ftypheic"s,
                             "\0\0\0\x18"
                             "ftypavif"s,
                             "The free text begins here"s,
                             "\x1a\x45\xdf\xa3\x87\x42\x82\x84what"s,
                             "\x1a\x45\xdf\xa3"s,
                             std::string(5000, '\0')}) {
        EXPECT_EQ(refusal_of(head), ErrorCode::media_unrecognised) << head;
    }
}

TEST(Signature, FormatsThatAreNotAcceptedAreNamed) {
    for (auto const& head : {"FLV\1\5"s, "FORM\0\0\1\0AIFFCOMM"s, "#!AMR\n"s, "caff\0\1"s, ".RMF\0\0"s,
                             "\x30\x26\xb2\x75\x8e\x66\xcf\x11"s, "\0\0\0\x18stypmsdh"s, "%PDF-1.7"s, "PK\3\4"s}) {
        EXPECT_EQ(refusal_of(head), ErrorCode::media_unsupported) << head;
    }
    EXPECT_NE(recognise("FLV\1\5").error().detail.find("Flash Video"), std::string::npos);
}

TEST(Signature, SurvivesEveryPrefixOfAnything) {
    auto const heads = {"\x1a\x45\xdf\xa3\x8f\x42\x86\x81\x01\x42\x82\x88matroska\x18\x53\x80\x67\x01\0\0\0\0\0\1\0"s,
                        "\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe\x42\x82\x88matroska"s,
                        "RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0\0\0\0\0\1\0\0\0"s, "\xff\xfb\x90\x64\xff\xf1\x50\x80"s};
    for (auto const& head : heads) {
        for (std::size_t length = 0; length <= head.size(); ++length) {
            std::string const prefix = head.substr(0, length);
            (void)recognise(prefix);
            doc_type(prefix);
        }
    }
}

}  // namespace
}  // namespace clinikk::media
