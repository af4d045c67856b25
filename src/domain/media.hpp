#pragma once

#include <boost/describe/enum.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "domain/media_format.hpp"
#include "domain/packaging.hpp"

namespace clinikk {

/// The kind of a content, as its editor states it and as its bytes must confirm.
enum class ContentKind : std::uint8_t { video, audio };
BOOST_DESCRIBE_ENUM(ContentKind, video, audio)

/// The facts that the bytes of a media file state about themselves.
struct MediaFacts {
    std::string media_type;  ///< IANA media type, `video/mp4`
    std::string extension;   ///< for the object's key, without the dot: `mp4`
    std::optional<std::int64_t> duration_ms{};
    std::optional<std::int64_t> width{};  ///< pixels as displayed (after rotation and sample aspect ratio)
    std::optional<std::int64_t> height{};
    std::string video_codec{};  ///< the name that ffprobe uses (`h264`); empty without such a track
    std::string audio_codec{};
    std::optional<std::int64_t> bit_rate{};  ///< bits per second over all tracks

    /// The recording stops before its declared end. It plays up to its last whole unit (sample, fragment, block,
    /// packet), and `duration_ms` counts that part.
    bool truncated = false;

    /// In whole seconds, rounded.
    std::optional<std::int64_t> duration() const {
        return duration_ms ? std::optional((*duration_ms + 500) / 1000) : std::nullopt;
    }
};

/// The examination of one file while its bytes arrive. Not thread-safe.
class MediaInspection {
public:
    virtual ~MediaInspection() = default;

    /// Takes the next bytes of the file, in order. Work and memory are bounded, however large the file is.
    virtual void feed(std::string_view bytes) = 0;

    /// The format that the bytes so far look like; empty when they are too few or of no known format.
    virtual std::optional<MediaFormat> guess() const = 0;

    /// Why the bytes so far can never become media, whatever follows; empty as long as they may. For refusing an upload
    /// at once instead of at its end.
    virtual std::optional<Error> refusal() const = 0;

    /// Returns the verdict after all bytes have been fed. Fails with `media_unrecognised`, `media_kind_mismatch`,
    /// `media_truncated`, `media_unsupported`, `media_probe_timeout` or `insufficient_storage`.
    virtual Task<Result<MediaFacts>> finish(ContentKind stated) = 0;

    /// Returns how the file can be packaged. `sha256` is the digest of its bytes. Call it at most once, after `finish`
    /// has succeeded. Empty when the attempt broke down, which is logged: it says nothing about the file.
    virtual Task<std::optional<PackagingExamination>> package(Sha256Digest const& sha256) = 0;
};

/// Makes examinations. Thread-safe.
class MediaInspector {
public:
    virtual ~MediaInspector() = default;
    virtual std::unique_ptr<MediaInspection> begin() = 0;

    /// How the processes that read media are confined, for `/health/detailed`: `bubblewrap`, `landlock` or `seccomp`.
    virtual std::string_view confinement() const noexcept = 0;
};

}  // namespace clinikk
