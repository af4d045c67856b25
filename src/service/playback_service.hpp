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
#include "domain/user.hpp"

namespace clinikk {

struct PlaybackOptions {
    /// Redirect clients to the store if the store has addresses for them (STREAM_MODE).
    bool redirect = true;
    /// The validity of an address in the store (PRESIGN_EXPIRES).
    std::chrono::seconds address_life{3600};
    /// The longest validity of such an address of a content that is not for everybody (PRIVATE_PRESIGN_EXPIRES).
    std::chrono::seconds private_address_life{300};
    /// The longest time that a playback session lasts (PLAYBACK_SESSION_EXPIRE).
    std::chrono::seconds session_life = std::chrono::hours{12};
};

/// The name under which a client saves the file. It comes from an uploader or an editor and is untrusted.
struct DownloadName {
    std::string_view name{};
    std::string_view extension{};  ///< to be appended behind a dot: a title has no extension of its own
};

/// What can be played of a content, as its row states it.
struct Playback {
    Uuid content_id{};
    PlayableSource source{};
    /// The address of bytes that were taken over and are in a place that this process does not read. Nothing else is
    /// known about such bytes.
    std::optional<std::string> external_address{};
    /// The time for which a playback session still lets the client play.
    std::optional<std::chrono::seconds> granted{};

    /// A value that differs for different bytes: their SHA-256 in hexadecimal. Empty until they have been read.
    std::string version() const;

    /// Whether everybody who knows its address may play it.
    bool is_for_everybody() const noexcept;

    DownloadName download_name() const noexcept;

    /// The number of bytes of a resolved playback.
    std::uint64_t size() const noexcept { return *source.size; }
    /// The media type of a resolved playback.
    std::string_view media_type() const noexcept { return *source.media_type; }
};

/// An address at which the store serves the bytes to anyone who has it.
struct DirectAddress {
    std::string url{};
    std::chrono::seconds life{};
};

/// Playing contents: which object, in which store, and whether it is there. Ranges, validators and header fields belong
/// to the API. Thread-safe. Throws `Unavailable` when a store cannot be reached.
class PlaybackService {
public:
    /// All arguments must outlive the service.
    PlaybackService(UnitOfWork& work, ObjectStores& objects, PlaybackOptions options, Log& log);

    /// Finds what can be played, by one point read. `viewer` is null for somebody who has not signed in. Fails with
    /// `content_not_found`, also when the viewer may not see the content, and with `source_unavailable` when the bytes
    /// are elsewhere and clients cannot follow their address.
    Task<Result<Playback>> find(User const* viewer, Uuid content_id);

    /// Whether clients are redirected to a store that has addresses for them.
    bool redirects() const noexcept { return options_.redirect; }

    /// The address from which the client may fetch the bytes itself; empty when the store has no such addresses.
    /// `disposition` is the Content-Disposition (RFC 6266) of that answer; if it is empty, the one stored with the
    /// object is used.
    Task<std::optional<DirectAddress>> direct_address(Playback const& playback, std::string disposition);

    /// Adds what the row does not know yet: the size from the store, the media type from the name. Fails as `confirm`.
    Task<Result<void>> resolve(Playback& playback);

    /// Checks that the bytes of a resolved playback are there and whole. Fails with `content_not_found` when the
    /// content was deleted meanwhile, else with `source_unavailable`. Lost bytes are logged.
    Task<Result<void>> confirm(Playback const& playback);

    /// The bytes of a resolved playback; `range` lies within them. Fails as `confirm`.
    Task<Result<Body>> open(Playback const& playback, ByteRange range);

    /// The same for an answer of which the content has only some pieces.
    Task<Result<Body>> gather(Playback const& playback, GatheredBytes bytes);

    /// Up to `range.length` of its bytes, in memory. Fails as `confirm`, but does not notice another size.
    Task<Result<std::string>> read(Playback const& playback, ByteRange range);

private:
    Task<Error> bytes_missing(Playback const& playback);
    ObjectStore& store_of(PlayableSource const& source) const { return objects_.holding(source.store, source.bucket); }

    UnitOfWork& work_;
    ObjectStores& objects_;
    PlaybackOptions options_;
    Log& log_;
};

}  // namespace clinikk
