#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "domain/media.hpp"
#include "support/fakes/calls.hpp"

namespace clinikk::testing {

/// Takes bytes that begin with `video` for an MP4 of a second, which can be packaged; those that begin with `audio` for
/// an MP3, which cannot; no others.
class FakeMediaInspector final : public MediaInspector {
public:
    explicit FakeMediaInspector(Calls& calls) : calls_(calls) {}

    std::unique_ptr<MediaInspection> begin() override { return std::make_unique<Inspection>(calls_); }
    std::string_view confinement() const noexcept override { return "none"; }

private:
    class Inspection final : public MediaInspection {
    public:
        explicit Inspection(Calls& calls) : calls_(calls) {}

        void feed(std::string_view bytes) override {
            head_.append(bytes.substr(0, 5 - std::min<std::size_t>(5, head_.size())));
        }

        std::optional<MediaFormat> guess() const override {
            if (head_ == "video") return media_format::mp4;
            if (head_ == "audio") return media_format::mp3;
            return std::nullopt;
        }

        std::optional<Error> refusal() const override {
            if (head_.size() < 5 || guess()) return std::nullopt;
            return Error(ErrorCode::media_unrecognised);
        }

        Task<Result<MediaFacts>> finish(ContentKind stated) override {
            return calls_.make("inspector.finish", [this, stated]() -> Result<MediaFacts> {
                auto const known = guess();
                if (!known) return Error(ErrorCode::media_unrecognised);
                bool const is_video = known->extension == "mp4";
                if (is_video != (stated == ContentKind::video)) return Error(ErrorCode::media_kind_mismatch);
                MediaFacts facts{std::string(known->media_type), std::string(known->extension)};
                facts.duration_ms = 1000;
                (is_video ? facts.video_codec : facts.audio_codec) = is_video ? "h264" : "mp3";
                return facts;
            });
        }

        Task<std::optional<PackagingExamination>> package(Sha256Digest const& sha256) override {
            return calls_.make("inspector.package", [this, sha256]() -> std::optional<PackagingExamination> {
                if (head_ != "video") return PackagingExamination{{Packaging::needs_rendition, "MP3"}, {}};
                return PackagingExamination{{Packaging::ready, {}}, "index of " + to_hex(sha256)};
            });
        }

    private:
        Calls& calls_;
        std::string head_;
    };

    Calls& calls_;
};

}  // namespace clinikk::testing
