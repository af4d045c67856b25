#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

#include "service/resumable_upload_service.hpp"
#include "service/running_examination.hpp"
#include "service/upload_append.hpp"
#include "service/upload_beginning.hpp"
#include "service/upload_ending.hpp"
#include "service/upload_lock.hpp"
#include "service/upload_pieces.hpp"

/// The inside of `ResumableUploadService`; for its own files only.
namespace clinikk {

/// An upload, and the account for which the request acts.
struct UploadAccess {
    Caller caller{};
    ResumableUpload row{};
};

/// An upload as it stands while this request holds it. Without a lock it has ended, or its time is over.
struct HeldUpload {
    std::unique_ptr<UploadLock> lock{};
    ResumableUpload row{};
};

struct ResumableUploadService::State {
    UploadCore& core;
    UnitOfWork& work;
    ObjectStores& objects;
    Clock& clock;
    Log& log;
    std::chrono::seconds life;
    UploadLocks locks;
    RunningExaminations examinations;
    UploadEnding ending;
    Uuid looked_through;  ///< by `finish_unfinished`, which runs once at a time

    ResumableUploadRepository& rows() const { return work.repositories().resumable_uploads(); }

    Task<Result<UploadAccess>> authorise(UploadReference const& reference);
    Task<Result<Caller>> owner_of(ResumableUpload const& row, Origin origin);
    Task<Result<HeldUpload>> hold(Uuid id);
    template <class T, class Steps>
    Task<Result<T>> holding(HeldUpload& held, Steps steps);

    Task<UploadStatus> status(ResumableUpload row);
    Task<Result<UploadStatus>> answer(ResumableUpload row);
    Task<Result<UploadStatus>> replay(ResumableUpload row, Chunk& chunk);
    Task<Result<UploadStatus>> append(Caller const& caller, HeldUpload& held, Chunk& chunk);
    Task<Result<UploadStatus>> take(Caller const& caller, HeldUpload& held, Chunk& chunk, UploadAppend::Limit limit);
    Task<Result<UploadStatus>> complete(Caller const& caller, HeldUpload& held,
                                        std::unique_ptr<RunningExamination> examination = nullptr);
    Task<Result<UploadStatus>> make_at_once(Caller const& owner, HeldUpload& held,
                                            std::vector<UploadPiece> const& pieces);
    Task<Result<AppendState>> concatenate(AppendableObjects& store, std::string_view id,
                                          std::vector<UploadPiece> const& pieces);
    Task<Result<UploadAppend::Limit>> limit(HeldUpload& held, Chunk const& chunk);
    Task<Result<UploadStatus>> join(Caller const& owner, HeldUpload& held);
    Task<Result<void>> reserve_joined(HeldUpload& held, FoundPieces const& found);
    Task<> join_waiting(ResumableUpload const& piece);
    Task<> try_to_join(ResumableUpload const& row);
    Task<bool> finish(ResumableUpload const& row);
    Task<> abandon(Uuid id);
    template <class Steps>
    Task<Result<UploadStatus>> or_abandon(Uuid id, Steps const& steps);
};

/// Runs the steps and lets go of the upload, however they end.
template <class T, class Steps>
Task<Result<T>> ResumableUploadService::State::holding(HeldUpload& held, Steps steps) {
    Result<T> outcome = Error(ErrorCode::internal);
    std::exception_ptr breakage;
    try {
        outcome = co_await steps();
    } catch (...) {
        breakage = std::current_exception();
    }
    co_await held.lock->release(held.row.expires_at);
    if (breakage) std::rethrow_exception(breakage);
    co_return outcome;
}

/// Runs the steps of an upload whose address nobody knows yet. If they throw, it is given up.
template <class Steps>
Task<Result<UploadStatus>> ResumableUploadService::State::or_abandon(Uuid id, Steps const& steps) {
    std::exception_ptr breakage;
    try {
        co_return co_await steps();
    } catch (...) {
        breakage = std::current_exception();
    }
    co_await abandon(id);
    std::rethrow_exception(breakage);
}

}  // namespace clinikk
