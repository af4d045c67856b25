#pragma once

#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"

namespace clinikk {

/// The library: browsing, changing and removing contents. `UploadService` adds contents, `PlaybackService` plays them.
class ContentService {
public:
    ContentService(UnitOfWork& work, ObjectStores& objects, Clock& clock, Visibility default_visibility, Log& log);

    /// `viewer` is null when the client has not signed in. Fails with `content_not_found`, also when the viewer may
    /// not see the content.
    Task<Result<Content>> get(User const* viewer, Uuid id);

    /// What `viewer` may find; the service sets the audience of `query`.
    Task<std::vector<Content>> list(User const* viewer, ContentQuery query);

    /// At most `limit` contents of an owner, by id, after the id `after`.
    Task<std::vector<Content>> list_owned(Uuid owner_id, Uuid after, std::size_t limit);

    /// Changes a content. A visibility that is cleared becomes the default one. Its owner and admins may. Fails as
    /// `current_editor`, with `content_not_found` (also when the caller may not see it), `forbidden`, or with
    /// `media_kind_mismatch` when the stored bytes are not of the new kind.
    Task<Result<Content>> update(Caller const& caller, Uuid id, ContentChanges changes);

    /// Removes a content. Its owner and admins may. When this returns, the row is gone, and so is the object unless the
    /// process dies in between: then the collector removes it. Fails as `current_editor`, with `content_not_found` or
    /// `forbidden`.
    Task<Result<void>> remove(Caller const& caller, Uuid id);

    /// Makes the account with this address the owner of all these contents, or of none when one of them does not exist.
    /// Returns how many. Fails with `not_found` or `content_not_found`.
    Task<Result<std::uint64_t>> assign_owner(Email const& email, std::vector<Uuid> const& ids);

    /// Makes the account with this address the owner of all contents without an owner. Returns how many. Fails with
    /// `not_found`.
    Task<Result<std::uint64_t>> assign_unowned(Email const& email);

private:
    Task<Result<User>> find_account(Repositories& repositories, Email const& email);
    Task<> discard(std::vector<Object> released);

    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    Visibility default_visibility_;
    Log& log_;
};

}  // namespace clinikk
