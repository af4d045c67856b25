#pragma once

#include <memory>
#include <optional>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/object_stores.hpp"
#include "domain/resumable_upload.hpp"
#include "domain/unit_of_work.hpp"
#include "service/running_examination.hpp"
#include "service/upload_core.hpp"
#include "service/upload_lock.hpp"

namespace clinikk {

/// The error that ended a failed upload.
Error read_outcome(ResumableUpload const& row);

/// The last steps of resumable uploads: they become a content, or are refused, or are cancelled. The caller holds the
/// upload; `row` is its state, which these keep up to date. Thread-safe.
class UploadEnding {
public:
    /// All references must outlive it.
    UploadEnding(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock, Log& log)
        : core_(core), work_(work), objects_(objects), clock_(clock), log_(log) {}

    /// Examines an upload of which all bytes are there, and publishes it. A partial upload is only marked as `done`.
    /// `examination` has seen all bytes; without one they are read again. Fails with the errors of the examination,
    /// which end the upload, and leaves it as it is when it fails otherwise: `insufficient_storage`,
    /// `upload_interrupted`, `not_authenticated`, `forbidden`.
    Task<Result<std::optional<Content>>> complete(Caller const& caller, UploadLock& lock, ResumableUpload& row,
                                                  std::unique_ptr<RunningExamination> examination);

    /// Ends the upload with this error, and removes its bytes. When that breaks down, the upload stays as it is.
    Task<> fail(UploadLock& lock, ResumableUpload& row, Error const& why);

    /// Ends the upload at the request of `caller`, and removes its bytes. Fails with `upload_interrupted`.
    Task<Result<void>> cancel(Caller const& caller, UploadLock& lock, ResumableUpload& row);

private:
    Task<Result<Content>> publish(Caller const& caller, UploadLock& lock, ResumableUpload& row,
                                  std::unique_ptr<RunningExamination> examination);
    Task<Result<ExaminedBytes>> examine(UploadLock& lock, ResumableUpload const& row,
                                        std::unique_ptr<RunningExamination> examination);
    Task<Result<void>> make_visible(UploadLock& lock, ResumableUpload const& row);
    Task<Result<void>> close_partial(UploadLock& lock, ResumableUpload& row);
    Task<Result<void>> end(UploadLock& lock, ResumableUpload& row, ResumableUpload ended, Caller const* canceller);

    UploadCore& core_;
    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
