#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/content.hpp"
#include "domain/media.hpp"
#include "domain/object_store.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/index_writer.hpp"

/// The beginning and the end of every upload, whatever way its bytes take: there must be room for it, and at its end it
/// becomes an object and a content.
namespace clinikk {

struct UploadLimits {
    std::uint64_t max_size = 10ULL << 30U;      ///< MAX_UPLOAD_SIZE, bytes
    std::optional<std::uint64_t> user_quota{};  ///< USER_QUOTA, bytes of one owner
    std::int64_t max_per_user = 8;              ///< MAX_UPLOADS_PER_USER, at once
    /// Of contents of whose visibility the editor says nothing (DEFAULT_VISIBILITY).
    Visibility default_visibility = Visibility::public_;
};

/// How many more bytes the quota leaves to that owner; none when there is no quota. `in_flight` are the owner's writes.
Task<std::optional<std::uint64_t>> quota_left(Repositories& repositories, UploadLimits const& limits, Uuid owner_id,
                                              UploadsInFlight const& in_flight);

/// Makes the row of the upload if its owner may still upload and there is room for it. Returns the number of bytes that
/// it may have. `announced` is an upper bound of its size. `first` and `also` are further steps of the same
/// transaction, before anything is counted and after the row. Fails as `current_editor`, and with `too_many_uploads`,
/// `quota_exceeded` or `insufficient_storage`.
Task<Result<std::uint64_t>> reserve_upload(UnitOfWork& work, ObjectStore& store, UploadLimits const& limits,
                                           Caller const& owner, Upload const& upload,
                                           std::optional<std::uint64_t> announced, UnitOfWork::Steps first = {},
                                           UnitOfWork::Steps also = {});

/// Returns whether what the owner has stored and under way is within the quota. Call it in a transaction, after what
/// would exceed it.
Task<bool> is_within_quota(Repositories& repositories, UploadLimits const& limits, Uuid owner_id, Timestamp at);

/// The key of a source: `objects/<uuid>`. It says nothing of the bytes, so that it is known before they are.
std::string object_key(Uuid object_id);

/// The kind of a content whose source the caller wants to replace: the new one must be of the same. Ask it when the
/// upload begins; `publish_upload` asks again whether the caller may. Fails as `current_editor` and as
/// `content_to_change`.
Task<Result<ContentKind>> kind_to_replace(UnitOfWork& work, Caller const& caller, Uuid content_id);

/// An upload whose bytes are durable in their store.
struct FinishedUpload {
    Upload const& upload;
    ContentDescription const& description;
    MediaFacts const& facts;
    StoredBytes stored{};
    std::string key{};
    std::string file_name{};  ///< the uploader's; untrusted
    Timestamp at{};
    Visibility default_visibility = Visibility::public_;
    PackagedFile const& packaged;
    /// The content whose source it replaces. It keeps its title and all else that its editors said of it; of
    /// `description`, only the kind counts.
    std::optional<Uuid> replaces{};
};

/// Makes the objects and the content and ends the upload, in one transaction. If the upload replaces the source of a
/// content, that changes instead, and its former objects become `deleting`. Fails with `upload_interrupted` when
/// `holder` no longer holds the upload; as `current_editor` when the caller may no longer upload; with `forbidden` when
/// another user owns the upload and the caller is no longer an admin; as `content_to_change`; with
/// `media_kind_mismatch` when the content to change is of another kind; and with `quota_exceeded` when no length was
/// reserved and the quota has no room for it. `also` are further steps of the same transaction, before the upload ends.
Task<Result<Content>> publish_upload(UnitOfWork& work, ObjectStore const& store, UploadLimits const& limits,
                                     IndexWriter const& indexes, std::string_view holder, Caller const& caller,
                                     FinishedUpload const& finished, UnitOfWork::Steps also = {});

}  // namespace clinikk
