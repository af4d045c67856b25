#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/appendable_objects.hpp"
#include "domain/clock.hpp"
#include "domain/resumable_upload.hpp"
#include "domain/unit_of_work.hpp"
#include "service/chunk_digests.hpp"
#include "service/resumable_upload_service.hpp"
#include "service/running_examination.hpp"
#include "service/upload_core.hpp"
#include "service/upload_lock.hpp"

namespace clinikk {

/// What an append works with. All of it must outlive the append.
struct AppendContext {
    UploadCore& core;
    UnitOfWork& work;
    AppendableObjects& objects;
    Clock& clock;
    Log& log;
    std::chrono::seconds life;  ///< from each save until the upload expires
};

/// The bytes of one request on their way into an upload that the request holds.
class UploadAppend {
public:
    /// What ends an append that does not end well.
    struct Limit {
        std::uint64_t room = 0;  ///< bytes that the upload may still get
        Error beyond{};          ///< the error when more come
    };

    /// `row` is the upload as it stands, with the length that this request states; this keeps it up to date.
    /// `examination` is null when the bytes are not examined on the way; it is dropped when it has seen other bytes
    /// than those that are kept.
    UploadAppend(AppendContext const& context, UploadLock& lock, ResumableUpload& row, Chunk& chunk, Limit limit,
                 std::unique_ptr<RunningExamination>& examination);

    /// Takes what comes and records what is durable. If more is to come, it lets go of the lock in the same
    /// transaction. Returns the error of the source, of the limit, of the checksum or of the store;
    /// `upload_interrupted` when another request has the upload.
    Task<Result<void>> run();

    /// Whether the bytes have shown that they are no media: nothing of this request was recorded, and the upload is to
    /// be ended with the error that `run` returned.
    bool is_refused() const noexcept { return is_refused_; }

private:
    Task<Result<void>> open();
    Task<Result<void>> take();
    Task<Result<void>> take_guarded();
    Task<Result<void>> take_piece(std::string_view piece);
    Task<Result<void>> save_if_due();
    Task<Result<void>> keep_or_discard(Result<void> taken);
    Task<Result<void>> keep(Result<void> taken);
    Result<bool> completes(Result<void> const& taken, std::int64_t end);
    Task<Result<void>> record(AppendState state, bool is_complete, bool lets_go);
    Result<void> verify();
    bool is_checked() const noexcept { return static_cast<bool>(chunk_.checksum); }

    AppendContext const& context_;
    UploadLock& lock_;
    ResumableUpload& row_;
    Chunk& chunk_;
    Limit limit_;
    std::unique_ptr<RunningExamination>& examination_;
    std::unique_ptr<ObjectAppend> object_{};
    std::optional<ChunkDigests> digests_{};
    std::uint64_t taken_ = 0;
    std::uint64_t saved_ = 0;  ///< of those, the ones that were handed to a save
    std::uint64_t begun_at_ = 0;
    bool is_reserved_ = false;  ///< the length of the whole, which was known before
    Clock::SteadyTime saved_at_{};
    bool is_refused_ = false;
};

}  // namespace clinikk
