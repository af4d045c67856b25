#pragma once

#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"
#include "domain/values.hpp"

namespace clinikk {

/// The library: browsing, changing, removing and playing contents. Uploads are `UploadService`'s.
class ContentService {
public:
    ContentService(UnitOfWork& work, ObjectStores& objects, Clock& clock, Log& log);

    /// Fails with `content_not_found`.
    Task<Result<Content>> get(Uuid id);

    Task<std::vector<Content>> list(ContentQuery const& query);

    /// For its owner and for admins. Fails as `current_editor`, with `content_not_found`, `forbidden`, or
    /// `media_kind_mismatch` when the stored bytes are not of the new kind.
    Task<Result<Content>> update(Caller const& caller, Uuid id, ContentChanges const& changes);

    /// For its owner and for admins. The row is gone when this returns, and so is the object unless the process dies
    /// in between: then the collector removes it. Fails as `current_editor`, with `content_not_found`, `forbidden`.
    Task<Result<void>> remove(Caller const& caller, Uuid id);

    /// Gives contents to the account with this address; how many. All or, when one does not exist, none. Fails with
    /// `not_found` or `content_not_found`.
    Task<Result<std::uint64_t>> assign_owner(Email const& email, std::vector<Uuid> const& ids);

    /// Gives all contents that have no owner to the account with this address; how many. Fails with `not_found`.
    Task<Result<std::uint64_t>> assign_unowned(Email const& email);

    /// What there is to play. Fails with `content_not_found`.
    Task<Result<PlayableSource>> find_source(Uuid id);

    /// Whether the bytes were taken over and stand where this process does not read: it has at most their address.
    bool stands_elsewhere(PlayableSource const& source) const;

    /// Fills in the size, where it is unknown. Fails with `source_unavailable` when the bytes are not there.
    Task<Result<void>> measure(PlayableSource& source);

    /// Whether the bytes of a measured source are there, whole. Fails with `content_not_found` when it was deleted
    /// meanwhile, and with `source_unavailable`.
    Task<Result<void>> confirm(PlayableSource const& source);

    /// The bytes of a measured source; `range` lies within them. Fails as `confirm`.
    Task<Result<Body>> open(PlayableSource const& source, ByteRange range);
    /// Some of its bytes in memory, at most `range.length`.
    Task<Result<std::string>> read(PlayableSource const& source, ByteRange range);

    /// A URL under which the client may fetch the bytes itself; empty where they have to pass through this process.
    Task<std::optional<std::string>> presign(PlayableSource const& source, DirectAccess const& access);

private:
    Task<Result<User>> find_account(Stores& stores, Email const& email);
    Task<> discard(std::vector<Object> released);
    Task<Error> bytes_missing(PlayableSource const& source);

    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
