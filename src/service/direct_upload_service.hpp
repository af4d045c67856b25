#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/direct_uploads.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/upload_core.hpp"
#include "service/upload_description.hpp"

namespace clinikk {

class UploadLease;

/// How an upload of that size is divided into parts. All but the last have `part_size` bytes. There are at most 10 000
/// parts, and more than 1000 only if they would otherwise exceed 64 MiB each.
struct PartPlan {
    std::uint64_t size = 0;
    std::uint64_t part_size = 0;

    static PartPlan of(std::uint64_t size) noexcept;
    int count() const noexcept;
    /// The number of bytes in a part; parts are numbered from 1.
    std::uint64_t size_of(int number) const noexcept;
};

/// The plan that the row of a direct upload states.
PartPlan plan_of(Upload const& upload);

/// A direct upload that has begun, with addresses for its first parts.
struct BegunUpload {
    Upload upload{};
    PartAddresses addresses{};
};

/// The progress of a direct upload. It is `committing` as soon as its parts have been joined.
struct UploadProgress {
    Upload upload{};
    std::vector<StoredPart> parts{};
};

/// What a client says when it has sent all parts.
struct UploadCompletion {
    struct Part {
        int number = 0;
        std::string etag{};  ///< with or without its quotes
    };
    std::vector<Part> parts{};
    std::optional<Sha256Digest> sha256{};  ///< of all bytes
};

struct DirectUploadOptions {
    std::chrono::seconds life{24 * 3600};  ///< how long an upload may take (UPLOAD_EXPIRES)
    std::chrono::seconds address_life{};   ///< how long the address of a part is good (PRESIGN_EXPIRES)
};

/// Uploads that go past this process: the client sends the parts to the bucket. When all have arrived, the object is
/// read once, hashed and examined like any other upload. Only an object that passes becomes a content; any other is
/// removed. All state is in the row: any process may answer any call, and when a process dies during a completion, the
/// next call completes the upload. The owner of an upload and admins may see it; for others it does not exist
/// (`upload_not_found`). Each call, and the publication at the end of a completion, asks again whether the caller may
/// (`current_editor`).
class DirectUploadService {
public:
    DirectUploadService(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock,
                        DirectUploadOptions options, Log& log);

    /// If `replaces` is set, the upload replaces the source of that content, and `description` counts for nothing but
    /// the names of the file. Fails with `direct_upload_unavailable`, `upload_too_large`, `quota_exceeded`,
    /// `too_many_uploads`, or `upload_interrupted` when the store took too long; and as `kind_to_replace`.
    Task<Result<BegunUpload>> begin(Caller const& owner, UploadDescription description, std::uint64_t size,
                                    std::optional<Uuid> replaces = std::nullopt);

    /// Fails with `upload_not_found`.
    Task<Result<UploadProgress>> progress(Caller const& caller, Uuid id);

    /// Returns addresses for up to `count` parts from number `first` on. Fails with `upload_not_found`, `upload_busy`,
    /// or with `validation_failed` when there is no such part.
    Task<Result<PartAddresses>> addresses(Caller const& caller, Uuid id, int first, int count);

    /// Joins the parts, reads the object once, and makes the content. For an upload that was completed before, it
    /// returns its content. Fails with `upload_not_found`, `upload_busy`, `upload_interrupted` or `parts_mismatch`,
    /// which leave the upload as it is, and with `digest_mismatch`, the errors of the inspector, or `content_not_found`
    /// when the content to replace is gone, which end it.
    Task<Result<Content>> complete(Caller const& caller, Uuid id, UploadCompletion completion);

    /// Ends the upload and removes what has arrived. Fails with `upload_not_found` or `upload_busy`.
    Task<Result<void>> abort(Caller const& caller, Uuid id);

private:
    Task<Result<Upload>> find(Caller const& caller, Uuid id);
    Task<Result<Upload>> claim(Caller const& caller, Uuid id);
    Task<Result<Content>> find_content(Caller const& caller, Uuid id);
    Task<Result<Content>> complete_claimed(Caller const& caller, Upload const& upload, UploadLease& lease,
                                           UploadCompletion const& completion);
    Task<Result<void>> assemble(Upload const& upload, UploadCompletion const& completion);
    Task<> give_back(Upload const& upload);
    Task<bool> remove(Upload const& upload, Caller const* canceller = nullptr);
    Task<bool> close(Upload upload);
    Task<> discard(Upload const& upload);
    DirectUploads& direct(Upload const& upload) const;

    UploadCore& core_;
    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    DirectUploadOptions options_;
    std::string holder_;
    Log& log_;
};

}  // namespace clinikk
