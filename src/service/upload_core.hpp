#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/memory_budget.hpp"
#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/media.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/examination.hpp"
#include "service/index_writer.hpp"
#include "service/publication.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {

struct UploadLimits {
    std::uint64_t max_size = 10ULL << 30U;      ///< MAX_UPLOAD_SIZE, bytes
    std::optional<std::uint64_t> user_quota{};  ///< USER_QUOTA, bytes of one owner
    std::int64_t max_per_user = 8;              ///< MAX_UPLOADS_PER_USER, at once
    /// Of contents of whose visibility the editor says nothing (DEFAULT_VISIBILITY).
    Visibility default_visibility = Visibility::public_;
};

/// The key of a source: `objects/<uuid>`. It says nothing of the bytes, so that it is known before they are.
std::string object_key(Uuid object_id);

/// Returns whether the error ends an upload whose bytes have all arrived for good. After any other its client, or a
/// job, may try again.
bool is_final(ErrorCode code) noexcept;

/// What becomes of the bytes of an upload.
struct Publication {
    ContentDescription description{};
    std::string file_name{};  ///< the uploader's; untrusted
    std::string key{};        ///< of the object in the store that the upload names
    /// Of all bytes, as the client stated it.
    std::optional<Sha256Digest> sha256{};
    /// The content whose source it replaces. It keeps its title and all else that its editors said of it; of
    /// `description`, only the kind counts.
    std::optional<Uuid> replaces{};
    /// Makes the object appear under its key, if it is not there yet. Called once its bytes have been accepted. May be
    /// empty.
    std::function<Task<Result<void>>(MediaFacts const&)> make_visible{};
    /// Further steps of the transaction, before the upload ends. May be empty.
    UnitOfWork::Steps also{};
};

/// What every upload has in common, whatever way its bytes take: there must be room for it (`reserve`), its bytes are
/// examined (by `inspector` as they pass, or by `read` afterwards), and at its end they become an object and a
/// content (`publish`). In between, `UploadService` takes them from one request, `ResumableUploadService` from many,
/// and with `DirectUploadService` the client sends them to the bucket. One for the whole process; thread-safe.
class UploadCore {
public:
    /// `holder` names this process in the leases. All references must outlive it.
    UploadCore(UnitOfWork& work, ObjectStores& objects, MediaInspector& inspector, Clock& clock, UploadLimits limits,
               std::string holder, Log& log);

    UploadLimits const& limits() const noexcept { return limits_; }
    std::string const& holder() const noexcept { return holder_; }

    /// Makes the row of the upload if its owner may still upload and there is room for it. Returns the number of bytes
    /// that it may have. `announced` is an upper bound of its size. `first` and `also` are further steps of the same
    /// transaction, before anything is counted and after the row. Fails as `current_editor`, and with
    /// `too_many_uploads`, `quota_exceeded` or `insufficient_storage`.
    Task<Result<std::uint64_t>> reserve(Caller const& owner, Upload const& upload,
                                        std::optional<std::uint64_t> announced, UnitOfWork::Steps first = {},
                                        UnitOfWork::Steps also = {});

    /// The kind of a content whose source the caller wants to replace: the new one must be of the same. Ask it when the
    /// upload begins; `publish` asks again whether the caller may. Fails as `current_editor` and as
    /// `content_to_change`.
    Task<Result<ContentKind>> kind_to_replace(Caller const& caller, Uuid content_id);

    /// How many more bytes the quota leaves to that owner; none when there is no quota.
    Task<std::optional<std::uint64_t>> quota_left(Repositories& repositories, Uuid owner_id);

    /// Returns whether what the owner has stored and under way is within the quota. Call it in a transaction, after
    /// what would exceed it.
    Task<bool> is_within_quota(Repositories& repositories, Uuid owner_id);

    /// For examinations of bytes that are shown as they pass.
    MediaInspector& inspector() const noexcept { return inspector_; }

    /// Reads an object, hashes it and shows it to the inspector, for uploads whose bytes did not all pass through this
    /// process in one go. Few are read at a time, so that their memory is bounded; the others wait for their turn.
    /// Fails with `upload_not_found` when the store has no such object of that size, and with `upload_interrupted` when
    /// the lease is lost.
    Task<Result<ExaminedBytes>> read(ObjectStore& store, std::string_view key, std::uint64_t size,
                                     UploadLease const& lease);

    /// Asks the inspector for its verdict, makes the packaging index, and then, in one transaction, makes the objects
    /// and the content and ends the upload. If the upload replaces the source of a content, that changes instead, and
    /// its former objects become `deleting`. Fails with `digest_mismatch`; with the errors of the inspector and of
    /// `make_visible`; with `upload_interrupted` when `upload.holder` no longer holds the upload; as `current_editor`
    /// when the caller may no longer upload; with `forbidden` when another user owns the upload and the caller is no
    /// longer an admin; as `content_to_change`; with `media_kind_mismatch` when the content to change is of another
    /// kind; and with `quota_exceeded` when no length was reserved and the quota has no room for it.
    Task<Result<Content>> publish(Caller const& caller, Upload const& upload, ExaminedBytes& bytes,
                                  Publication const& publication);

private:
    Task<Result<Content>> publish_packaged(Caller const& caller, FinishedUpload const& finished,
                                           Publication const& publication);
    Task<Result<Content>> commit(Caller const& caller, FinishedUpload const& finished, UnitOfWork::Steps const& also);
    Task<std::uint64_t> bytes_used(Repositories& repositories, Uuid owner_id);

    UnitOfWork& work_;
    ObjectStores& objects_;
    MediaInspector& inspector_;
    Clock& clock_;
    UploadLimits limits_;
    std::string holder_;
    IndexWriter indexes_;
    MemoryBudget reading_memory_;
    Log& log_;
};

}  // namespace clinikk
