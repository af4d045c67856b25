// Whole examinations: bytes in, verdict out, with the real ffprobe in the real sandbox.
#include "media/inspector.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "media/landlock.hpp"
#include "unit/media/boxes.hpp"
#include "unit/media/media_samples.hpp"
#include "unit/media/temporary_directory.hpp"

namespace clinikk::media {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

class InspectorTest : public testing::Test {
protected:
    MediaInspector& inspector() {
        if (!inspector_) inspector_ = make_media_inspector(options_, log_);
        return *inspector_;
    }

    Result<MediaFacts> inspect(std::string_view bytes, ContentKind stated, std::size_t piece = 64 * 1024) {
        auto const inspection = inspector().begin();
        for (std::size_t at = 0; at < bytes.size(); at += piece) inspection->feed(bytes.substr(at, piece));
        return finish(*inspection, stated);
    }

    static Result<MediaFacts> finish(MediaInspection& inspection, ContentKind stated) {
        asio::io_context context;
        std::optional<Result<MediaFacts>> verdict;
        std::exception_ptr failure;
        auto task = inspection.finish(stated);
        asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, Result<MediaFacts> result) {
            failure = thrown;
            verdict.emplace(std::move(result));
        });
        context.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*verdict);
    }

    std::optional<ErrorCode> refusal(std::string_view bytes, ContentKind stated = ContentKind::video) {
        auto const verdict = inspect(bytes, stated);
        return verdict.has_error() ? std::optional(verdict.error().code) : std::nullopt;
    }

    std::string script(std::string const& body) {
        auto const path = directory_.path() / "ffprobe";
        std::ofstream(path) << "#!/bin/bash\n" << body;
        fs::permissions(path, fs::perms::owner_all);
        return path;
    }

    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    InspectorOptions options_{{}, directory_.path() / "scratch"};
    std::unique_ptr<MediaInspector> inspector_;
};

struct Format {
    std::string name;
    ContentKind kind;
    std::string media_type;
    std::string extension;
    std::string video_codec;
    std::string audio_codec;
};

class AcceptedFormat : public InspectorTest, public testing::WithParamInterface<Format> {};

TEST_P(AcceptedFormat, GivesItsFacts) {
    auto const& format = GetParam();
    auto const verdict = inspect(sample(format.name), format.kind);
    ASSERT_TRUE(verdict.has_value()) << verdict.error().detail;
    EXPECT_EQ(verdict->media_type, format.media_type);
    EXPECT_EQ(verdict->extension, format.extension);
    EXPECT_EQ(verdict->video_codec, format.video_codec);
    EXPECT_EQ(verdict->audio_codec, format.audio_codec);
    ASSERT_TRUE(verdict->duration_ms);
    EXPECT_NEAR(static_cast<double>(*verdict->duration_ms), 2000, 250);
    EXPECT_GT(verdict->bit_rate.value_or(0), 0);
    bool const video = format.kind == ContentKind::video;
    EXPECT_EQ(verdict->width, video ? std::optional(64) : std::nullopt);
    EXPECT_EQ(verdict->height, video ? std::optional(48) : std::nullopt);
    EXPECT_TRUE(fs::is_empty(options_.scratch));
}

TEST_P(AcceptedFormat, IsNotTheOtherKind) {
    auto const& format = GetParam();
    auto const other = format.kind == ContentKind::video ? ContentKind::audio : ContentKind::video;
    EXPECT_EQ(refusal(sample(format.name), other), ErrorCode::media_kind_mismatch);
}

INSTANTIATE_TEST_SUITE_P(
    All, AcceptedFormat,
    testing::Values(Format{"tiny.mp4", ContentKind::video, "video/mp4", "mp4", "h264", "aac"},
                    Format{"faststart.mp4", ContentKind::video, "video/mp4", "mp4", "h264", "aac"},
                    Format{"fragmented.mp4", ContentKind::video, "video/mp4", "mp4", "h264", "aac"},
                    Format{"tiny.m4v", ContentKind::video, "video/mp4", "mp4", "h264", "aac"},
                    Format{"tiny.3gp", ContentKind::video, "video/mp4", "mp4", "h264", "aac"},
                    Format{"tiny.mov", ContentKind::video, "video/quicktime", "mov", "h264", "aac"},
                    Format{"tiny.webm", ContentKind::video, "video/webm", "webm", "vp8", "opus"},
                    Format{"tiny.mkv", ContentKind::video, "video/x-matroska", "mkv", "h264", "aac"},
                    Format{"tiny.ts", ContentKind::video, "video/mp2t", "ts", "h264", "aac"},
                    Format{"tiny.m2ts", ContentKind::video, "video/mp2t", "ts", "h264", "aac"},
                    Format{"tiny.mpg", ContentKind::video, "video/mpeg", "mpg", "mpeg2video", "mp2"},
                    Format{"tiny.avi", ContentKind::video, "video/x-msvideo", "avi", "mpeg4", "mp3"},
                    Format{"tiny.ogv", ContentKind::video, "video/ogg", "ogv", "theora", "vorbis"},
                    Format{"tiny.m4a", ContentKind::audio, "audio/mp4", "m4a", "", "aac"},
                    Format{"sound.webm", ContentKind::audio, "audio/webm", "webm", "", "opus"},
                    Format{"tiny.mka", ContentKind::audio, "audio/x-matroska", "mka", "", "aac"},
                    Format{"tiny.mp3", ContentKind::audio, "audio/mpeg", "mp3", "", "mp3"},
                    Format{"untagged.mp3", ContentKind::audio, "audio/mpeg", "mp3", "", "mp3"},
                    Format{"tiny.mp2", ContentKind::audio, "audio/mpeg", "mp3", "", "mp2"},
                    Format{"tiny.aac", ContentKind::audio, "audio/aac", "aac", "", "aac"},
                    Format{"tiny.wav", ContentKind::audio, "audio/wav", "wav", "", "pcm_s16le"},
                    Format{"rf64.wav", ContentKind::audio, "audio/wav", "wav", "", "pcm_s16le"},
                    Format{"tiny.flac", ContentKind::audio, "audio/flac", "flac", "", "flac"},
                    Format{"tiny.ogg", ContentKind::audio, "audio/ogg", "ogg", "", "vorbis"},
                    Format{"tiny.opus", ContentKind::audio, "audio/ogg", "opus", "", "opus"},
                    Format{"cover.mp3", ContentKind::audio, "audio/mpeg", "mp3", "", "mp3"},
                    Format{"cover.m4a", ContentKind::audio, "audio/mp4", "m4a", "", "aac"},
                    Format{"cover.flac", ContentKind::audio, "audio/flac", "flac", "", "flac"}),
    [](auto const& format) {
        auto name = format.param.name;
        name[name.find('.')] = '_';
        return name;
    });

// A quarter turn in the matrix (ISO/IEC 14496-12, 8.3.2): FFmpeg 5 and 7 have no option in common that writes one.
std::string turned_sideways(std::string movie) {
    constexpr std::size_t matrix_in_header = 4 + 40;
    constexpr std::string_view turn("\0\0\0\0\0\1\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0\0\0\0\0", 24);
    return movie.replace(movie.find("tkhd") + matrix_in_header, turn.size(), turn);
}

TEST_F(InspectorTest, PicturesAreMeasuredAsDisplayed) {
    auto const turned = inspect(turned_sideways(sample("silent.mp4")), ContentKind::video);
    EXPECT_EQ(turned->width, 48);
    EXPECT_EQ(turned->height, 64);
    auto const anamorphic = inspect(sample("anamorphic.mp4"), ContentKind::video);
    EXPECT_EQ(anamorphic->width, 128);
    EXPECT_EQ(anamorphic->height, 48);
}

TEST_F(InspectorTest, HowTheBytesArriveDoesNotMatter) {
    auto const bytes = sample("tiny.mp4");
    for (std::size_t const piece : {1u, 1000u, 16'384u, 16'385u, 1'000'000u}) {
        auto const verdict = inspect(bytes, ContentKind::video, piece);
        ASSERT_TRUE(verdict.has_value()) << piece;
        EXPECT_EQ(verdict->duration_ms, 2000) << piece;
    }
}

TEST_F(InspectorTest, FilesLargerThanWhatIsKeptOfThemHaveTheSameFacts) {
    for (auto const* name : {"large.ts", "large.mpg", "large.mp4", "large-fragmented.mp4", "large.mkv", "large.avi"}) {
        auto const bytes = sample(name);
        ASSERT_GT(bytes.size(), 12U << 20) << name;
        auto const verdict = inspect(bytes, ContentKind::video);
        ASSERT_TRUE(verdict.has_value()) << name << ": " << verdict.error().detail;
        EXPECT_NEAR(static_cast<double>(verdict->duration_ms.value_or(0)), 8'000, 200) << name;
        EXPECT_EQ(verdict->width, 320) << name;
        EXPECT_FALSE(verdict->audio_codec.empty()) << name;
        EXPECT_NEAR(static_cast<double>(verdict->bit_rate.value_or(0)), static_cast<double>(bytes.size()),
                    static_cast<double>(bytes.size()) * 0.03)
            << name;
    }
}

TEST_F(InspectorTest, AHugeBoxBeforeTheIndexIsNoObstacle) {
    // ftyp, 20 MiB of padding, media, index: every header on the way must be where it was.
    auto const movie = sample("faststart.mp4");
    auto const ftyp_size = static_cast<std::size_t>(static_cast<unsigned char>(movie[3]));
    auto const file =
        movie + boxes::box("free", std::string(20 << 20, 'x')) + boxes::box("uuid", std::string(1 << 20, 'y'));
    EXPECT_EQ(refusal(file), std::nullopt);
    auto const late = movie.substr(0, ftyp_size) + boxes::box("free", std::string(20 << 20, 'x'));
    EXPECT_EQ(refusal(late), ErrorCode::media_truncated);
}

TEST_F(InspectorTest, WhatIsNoMediaIsRefusedWithoutAChild) {
    // In place of the sandbox there is a script that fails as the sandbox does, which would be thrown.
    options_.self_exe = script("exit 125\n");
    EXPECT_THROW(inspect(sample("tiny.mp4"), ContentKind::video), std::runtime_error);
    for (auto const& bytes :
         {std::string(), std::string("plain text\n"), std::string("<!DOCTYPE html><title>film.mp4</title>"),
          sample("cover.png"), sample("tiny.gif"), std::string("1\n00:00:00,000 --> 00:00:09,000\nHello\n"),
          std::string("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
          std::string("ffconcat version 1.0\nfile '/etc/passwd'\n"),
          std::string("<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>\n"),
          std::string(100'000, 'x')}) {
        EXPECT_EQ(refusal(bytes), ErrorCode::media_unrecognised) << bytes.substr(0, 40);
    }
    EXPECT_EQ(refusal(sample("tiny.flv")), ErrorCode::media_unsupported);
    EXPECT_EQ(refusal(sample("tiny.aiff"), ContentKind::audio), ErrorCode::media_unsupported);
}

TEST_F(InspectorTest, ManifestsBehindABorrowedSignatureAreNotFollowed) {
    auto const playlist = std::string("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n");
    auto const disguises = {std::string("ID3\4\0\0\0\0\0\0", 10) + playlist, std::string("\0\0\1\xba", 4) + playlist,
                            std::string("fLaC") + playlist, std::string("OggS\0", 5) + playlist};
    for (auto const& disguise : disguises) {
        auto const code = refusal(disguise, ContentKind::audio);
        EXPECT_TRUE(code == ErrorCode::media_unrecognised || code == ErrorCode::media_kind_mismatch ||
                    code == ErrorCode::media_unsupported || code == ErrorCode::media_truncated);
    }
}

TEST_F(InspectorTest, EncryptedMediaIsUnsupported) {
    EXPECT_EQ(refusal(sample("encrypted.mp4")), ErrorCode::media_unsupported);
}

TEST_F(InspectorTest, CutFilesPlayUpToTheirLastWholeUnit) {
    for (auto const* name :
         {"faststart.mp4", "fragmented.mp4", "tiny.mkv", "tiny.webm", "tiny.ts", "tiny.mpg", "tiny.avi"}) {
        auto const whole = sample(name);
        std::int64_t before = 0;
        for (auto const percent : {30u, 60u, 90u}) {
            auto const verdict =
                inspect(std::string_view(whole).substr(0, whole.size() * percent / 100), ContentKind::video);
            ASSERT_TRUE(verdict.has_value()) << name << ' ' << percent << "%: " << verdict.error().detail;
            EXPECT_TRUE(verdict->truncated) << name << ' ' << percent << '%';
            EXPECT_GE(verdict->duration_ms.value_or(0), before) << name << ' ' << percent << '%';
            EXPECT_LT(verdict->duration_ms.value_or(0), 2'100) << name << ' ' << percent << '%';
            before = verdict->duration_ms.value_or(0);
        }
        EXPECT_GT(before, 1'000) << name;
        EXPECT_FALSE(inspect(whole, ContentKind::video)->truncated) << name;
    }
}

TEST_F(InspectorTest, CutFilesWithoutTheirIndexAreRefused) {
    for (auto const* name : {"tiny.mp4", "tiny.mov"}) {
        auto const whole = sample(name);
        for (auto const percent : {30u, 60u, 90u, 99u}) {
            auto const part = std::string_view(whole).substr(0, whole.size() * percent / 100);
            EXPECT_EQ(refusal(part), ErrorCode::media_truncated) << name << ' ' << percent << '%';
        }
    }
}

TEST_F(InspectorTest, CutSoundPlaysUpToItsLastWholeUnit) {
    for (auto const* name :
         {"tiny.mp3", "untagged.mp3", "tiny.aac", "tiny.flac", "tiny.ogg", "tiny.opus", "tiny.wav", "rf64.wav"}) {
        auto const whole = sample(name);
        auto const all = inspect(whole, ContentKind::audio);
        EXPECT_FALSE(all->truncated) << name;
        for (auto const percent : {60u, 99u}) {
            // Not at the border of two frames or pages, which a file of one page has nowhere in its first half.
            auto const part = std::string_view(whole).substr(0, whole.size() * percent / 100 - 1);
            auto const verdict = inspect(part, ContentKind::audio);
            if (verdict.has_error()) {
                EXPECT_EQ(verdict.error().code, ErrorCode::media_truncated) << name << ' ' << percent << '%';
                continue;
            }
            EXPECT_TRUE(verdict->truncated) << name << ' ' << percent << '%';
            EXPECT_LT(verdict->duration_ms, all->duration_ms) << name << ' ' << percent << '%';
            EXPECT_GT(verdict->duration_ms.value_or(0), 0) << name << ' ' << percent << '%';
        }
    }
}

TEST_F(InspectorTest, AnIndexThatIsTooLargeOrDamagedIsRefused) {
    using boxes::box;
    auto const start = box("ftyp", std::string("isom\0\0\2\0", 8)) + box("mdat", "m");
    EXPECT_EQ(refusal(start + box("moov", std::string((64 << 20) + 1, '\0'))), ErrorCode::media_unsupported);
    EXPECT_EQ(refusal(start + box("moov", boxes::u32(3) + "trak")), ErrorCode::media_unrecognised);
}

TEST_F(InspectorTest, ASlowProbeEndsAtTheDeadline) {
    options_.ffprobe = script("while :; do :; done\n");
    options_.deadline = std::chrono::milliseconds(300);
    EXPECT_EQ(refusal(sample("tiny.mp4")), ErrorCode::media_probe_timeout);
}

TEST_F(InspectorTest, AProbeThatCrashesOrTalksTooMuchIsARefusal) {
    options_.ffprobe = script("kill -SEGV $$\n");
    EXPECT_EQ(refusal(sample("tiny.mp4")), ErrorCode::media_unsupported);
    inspector_.reset();
    options_.ffprobe =
        script("while :; do echo 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; done\n");
    EXPECT_EQ(refusal(sample("tiny.mp4")), ErrorCode::media_unsupported);
    inspector_.reset();
    options_.ffprobe = script("echo '{\"streams\":[]'\n");
    EXPECT_EQ(refusal(sample("tiny.mp4")), ErrorCode::media_unrecognised);
}

TEST_F(InspectorTest, ASandboxThatDoesNotStartIsBreakage) {
    options_.ffprobe = script("exit 0\n");
    inspector();
    fs::remove(options_.ffprobe);
    EXPECT_THROW(inspect(sample("tiny.mp4"), ContentKind::video), std::runtime_error);
}

TEST_F(InspectorTest, ThePlantedProbeSeesNoSecretsAndNoFiles) {
    ::setenv("CLINIKK_TEST_SECRET", "in the environment", 1);
    // What it finds it reports as the codec's name.
    options_.ffprobe = script(
        "found=0; [ -n \"${CLINIKK_TEST_SECRET+set}\" ] && found=environment\n"
        "read -r line </etc/passwd && found=passwd\n"
        "printf '{\"streams\":[{\"codec_type\":\"audio\",\"codec_name\":\"%s\"}],\"format\":{}}' $found\n");
    auto const verdict = inspect(sample("tiny.m4a"), ContentKind::audio);
    ::unsetenv("CLINIKK_TEST_SECRET");
    ASSERT_TRUE(verdict.has_value());
    if (inspector().confinement() == "seccomp") GTEST_SKIP() << "neither Landlock nor bubblewrap here";
    EXPECT_EQ(verdict->audio_codec, "0");
}

TEST_F(InspectorTest, AMissingFfprobeStopsTheStart) {
    options_.ffprobe = "/nonexistent/ffprobe";
    try {
        inspector();
        FAIL();
    } catch (std::runtime_error const& failure) {
        EXPECT_NE(std::string(failure.what()).find("FFPROBE"), std::string::npos);
    }
}

TEST_F(InspectorTest, RequireStartsOnlyWhereThereIsConfinement) {
    options_.sandbox = SandboxMode::require;
    options_.self_exe = "/bin/false";  // bubblewrap's trial fails
    if (landlock_version() > 0) {
        EXPECT_EQ(inspector().confinement(), "landlock");
    } else {
        EXPECT_THROW(inspector(), std::runtime_error);
    }
}

TEST_F(InspectorTest, ManyAtOnceShareThePool) {
    options_.concurrency = 2;
    auto const bytes = sample("tiny.mp4");
    asio::io_context context;
    std::vector<std::unique_ptr<MediaInspection>> inspections;
    int accepted = 0;
    for (int i = 0; i < 8; ++i) {
        inspections.push_back(inspector().begin());
        inspections.back()->feed(bytes);
        auto task = inspections.back()->finish(ContentKind::video);
        asio::co_spawn(context, std::move(task), [&](std::exception_ptr failure, Result<MediaFacts> const& verdict) {
            accepted += !failure && verdict.has_value() ? 1 : 0;
        });
    }
    context.run();
    EXPECT_EQ(accepted, 8);
}

}  // namespace
}  // namespace clinikk::media
