#pragma once

#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/object_stores.hpp"
#include "domain/session.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"

namespace clinikk {

/// The library: browsing, changing and removing contents. Uploads are `UploadService`'s, playing is
/// `PlaybackService`'s.
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

private:
    Task<Result<User>> find_account(Repositories& repositories, Email const& email);
    Task<> discard(std::vector<Object> released);

    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
