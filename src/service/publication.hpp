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

/// Makes the row of the upload if its owner may still upload and there is room for it. Returns the number of bytes that
/// it may have. `announced` is an upper bound of its size. Fails as `current_editor`, and with `too_many_uploads`,
/// `quota_exceeded` or `insufficient_storage`.
Task<Result<std::uint64_t>> reserve_upload(UnitOfWork& work, ObjectStore& store, UploadLimits const& limits,
                                           Caller const& owner, Upload const& upload,
                                           std::optional<std::uint64_t> announced);

/// `video/<uuid>.mp4`.
std::string object_key(ContentKind kind, Uuid object_id, std::string_view extension);

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
};

/// Makes the object and the content and ends the upload, in one transaction. Fails with `upload_interrupted` when
/// `holder` no longer holds the upload; as `current_editor` when the caller may no longer upload; and with `forbidden`
/// when another user owns the upload and the caller is no longer an admin.
Task<Result<Content>> publish_upload(UnitOfWork& work, ObjectStore const& store, std::string_view holder,
                                     Caller const& caller, FinishedUpload const& finished);

}  // namespace clinikk
