#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "media/sample_tables.hpp"
#include "media/signature.hpp"

namespace clinikk::media {

/// Where a walker says what ffprobe needs to read: the parts of the file that are kept, at their true offsets. What
/// no walker asks for is a hole.
class KeptParts {
public:
    virtual ~KeptParts() = default;

    /// Gives ffprobe the file from this offset on, with `header` right in front of it in the place of what stands
    /// there: tags, junk, and the true header. Only before anything was kept; offsets stay those of the whole file,
    /// and `header` is no longer than what it replaces.
    virtual void start_at(std::uint64_t offset, std::string_view header) = 0;

    /// Keeps what is yet to come of this part, with the piece that is being fed.
    virtual void keep(Extent part) = 0;

    /// Puts bytes at their place: those that have passed already, or others instead of them.
    virtual void write_at(std::uint64_t offset, std::string_view bytes) = 0;
};

/// What following all bytes of a file has told. All offsets are bytes from the start of the file.
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

/// Follows one format while all bytes of a file flow past. No I/O, no recursion, bounded memory, and the same result
/// however the bytes are split. Not thread-safe.
class FormatWalker {
public:
    virtual ~FormatWalker() = default;

    /// The next bytes of the file, in order; the walker asks for what ffprobe needs of them and of what follows.
    virtual void feed(std::string_view bytes, KeptParts& kept) = 0;

    /// No byte will follow: the last chance to ask for parts of the file. Call once, before `finish`.
    virtual void end_of_file(KeptParts& /*kept*/) {}

    /// The result, after `end_of_file`. `kept` are the kept parts of the file, for formats whose index is
    /// among them. Call once.
    virtual Walked finish(RandomBytes const& kept) = 0;
};

/// How long so many samples (or other units) take at `rate` a second, in milliseconds, rounded. `rate` is not 0.
constexpr std::int64_t to_milliseconds(std::uint64_t samples, std::uint64_t rate) noexcept {
    return static_cast<std::int64_t>(samples / rate * 1000 + (samples % rate * 1000 + rate / 2) / rate);
}

/// The walker of a container.
std::unique_ptr<FormatWalker> make_walker(Container container);

}  // namespace clinikk::media
