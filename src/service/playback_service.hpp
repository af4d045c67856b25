#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/object_stores.hpp"
#include "domain/playback.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

struct PlaybackOptions {
    /// Send clients to the store, where it can serve them itself (STREAM_MODE).
    bool redirect = true;
    /// How long an address in the store is good (PRESIGN_EXPIRES).
    std::chrono::seconds address_life{3600};
};

/// What to call the file when it is saved. The name is the uploader's or an editor's and is not to be trusted.
struct DownloadName {
    std::string_view name{};
    std::string_view extension{};  ///< to be appended, with its dot: a title has none of its own
};

/// What there is to play of a content, as its row tells it.
struct Playback {
    PlayableSource source{};
    /// The bytes were taken over and stand where this process does not read: the address they came with. Then nothing
    /// else is known of them.
    std::optional<std::string> external_address{};

    /// Differs for different bytes: their SHA-256 in hexadecimal. Empty until they have been read.
    std::string version() const;

    DownloadName download_name() const noexcept;

    /// Of a resolved playback: bytes.
    std::uint64_t size() const noexcept { return *source.size; }
    /// Of a resolved playback.
    std::string_view media_type() const noexcept { return *source.media_type; }
};

/// An address at which the store serves the bytes to anyone who has it.
struct DirectAddress {
    std::string url{};
    std::chrono::seconds life{};
};

/// Playing contents: which object, from where, and whether it is there. Ranges, validators and headers are the API's.
/// Thread-safe. A store that cannot be reached throws `Unavailable`.
class PlaybackService {
public:
    /// All must outlive it.
    PlaybackService(UnitOfWork& work, ObjectStores& objects, PlaybackOptions options, Log& log);

    /// What there is to play: one point read. Fails with `content_not_found`, and with `source_unavailable` when the
    /// bytes stand elsewhere and their address is none that a client can follow.
    Task<Result<Playback>> find(Uuid content_id);

    /// Whether clients are sent to the store, where it has addresses.
    bool redirects() const noexcept { return options_.redirect; }

    /// Where the client may fetch the bytes itself; empty when the store has no such addresses. `disposition` is the
    /// Content-Disposition (RFC 6266) to be served with them; empty: the one stored with the object.
    Task<std::optional<DirectAddress>> direct_address(Playback const& playback, std::string disposition);

    /// Fills in what the row does not tell yet: the size from the store, the media type from the name. Fails with
    /// `source_unavailable` when the bytes are not there.
    Task<Result<void>> resolve(Playback& playback);

    /// Whether the bytes of a resolved playback are there, whole. Fails with `content_not_found` when the content was
    /// deleted meanwhile, and with `source_unavailable`, which is logged.
    Task<Result<void>> confirm(Playback const& playback);

    /// The bytes of a resolved playback; `range` lies within them. Fails as `confirm`.
    Task<Result<Body>> open(Playback const& playback, ByteRange range);

    /// Some of its bytes in memory, at most `range.length`. Fails as `confirm`, but does not notice another size.
    Task<Result<std::string>> read(Playback const& playback, ByteRange range);

private:
    Task<Error> bytes_missing(PlayableSource const& source);
    ObjectStore& store_of(PlayableSource const& source) const { return objects_.holding(source.store, source.bucket); }

    UnitOfWork& work_;
    ObjectStores& objects_;
    PlaybackOptions options_;
    Log& log_;
};

}  // namespace clinikk
