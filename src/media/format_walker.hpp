#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "media/sample_tables.hpp"
#include "media/signature.hpp"

namespace clinikk::media {

/// Receives a walker's requests for the parts of the file that ffprobe needs. Kept parts stay at their original
/// offsets; everything else is a hole.
class KeptParts {
public:
    virtual ~KeptParts() = default;

    /// Makes ffprobe's view of the file start with `header`, directly before `offset`. `header` replaces the tags, junk
    /// and original header at that place and is not longer than they are. Call it before any part is kept. Offsets
    /// remain relative to the original file.
    virtual void start_at(std::uint64_t offset, std::string_view header) = 0;

    /// Keeps the bytes of this part that are in the piece being fed or still to come.
    virtual void keep(Extent part) = 0;

    /// Writes bytes at `offset`: bytes that were fed earlier, or a replacement for them.
    virtual void write_at(std::uint64_t offset, std::string_view bytes) = 0;
};

/// The result of a walk over a whole file. Offsets are in bytes from the start of the file.
struct Walked {
    std::optional<Error> refusal{};             ///< the true reason: nothing playable, damaged, external data, …
    std::uint64_t begin = 0;                    ///< where the media begins, behind tags and junk
    std::uint64_t end = 0;                      ///< where the last whole unit (frame, page, cluster, fragment, chunk)
                                                ///< ends: behind it are tags, junk, or a unit that does not end
    bool truncated = false;                     ///< the recording stops inside a unit, or before its declared end
    std::optional<std::int64_t> duration_ms{};  ///< counted from the units; empty: ffprobe's is right
    std::optional<std::int64_t> end_ms{};  ///< time stamp at the end of the last unit: the duration, where it is longer
                                           ///< than ffprobe's, is this less the start time that ffprobe tells
    std::optional<Container> inner{};      ///< of an ID3v2 tag: what stands behind it
    bool encrypted = false;
};

/// Parses one format while the bytes of a file arrive, without I/O and recursion and in bounded memory. The result does
/// not depend on how the bytes are split. Not thread-safe.
class FormatWalker {
public:
    virtual ~FormatWalker() = default;

    /// Takes the next bytes of the file. The walker asks `kept` for the parts of these and later bytes that ffprobe
    /// needs.
    virtual void feed(std::string_view bytes, KeptParts& kept) = 0;

    /// Ends the input; the walker may ask for further parts of the file. Call it once, before `finish`.
    virtual void end_of_file(KeptParts& /*kept*/) {}

    /// Returns the result. `kept` holds the kept parts of the file, for formats whose index is among them. Call it
    /// once, after `end_of_file`.
    virtual Walked finish(RandomBytes const& kept) = 0;
};

/// Returns the duration of `samples` samples (or other units) at `rate` per second, in milliseconds, rounded. `rate` is
/// not 0.
constexpr std::int64_t to_milliseconds(std::uint64_t samples, std::uint64_t rate) noexcept {
    return static_cast<std::int64_t>(samples / rate * 1000 + (samples % rate * 1000 + rate / 2) / rate);
}

/// The walker of a container.
std::unique_ptr<FormatWalker> make_walker(Container container);

}  // namespace clinikk::media
