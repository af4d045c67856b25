#include "service/resumable_upload_state.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

#include "service/permission.hpp"
#include "service/upload_checks.hpp"

namespace clinikk {

/// For others than the owner and admins the upload does not exist.
Task<Result<UploadAccess>> ResumableUploadService::State::authorise(UploadReference const& reference) {
    auto row = co_await rows().find(reference.id);
    if (!row) co_return Error(ErrorCode::upload_not_found);
    if (is_right(reference.right, *row)) {
        auto owner = co_await owner_of(*row, reference.origin);
        if (!owner) co_return owner.error();
        UploadAccess access{std::move(*owner), std::move(*row)};
        co_return access;
    }
    if (!reference.caller) co_return Error(ErrorCode::upload_not_found);
    auto const user = co_await current_user(work.repositories(), *reference.caller);
    if (!user) co_return user.error();
    if (!may_act_for(*user, row->owner_id)) co_return Error(ErrorCode::upload_not_found);
    // After that, or the refusal would tell a viewer that the upload exists.
    if (!may_edit(user->role)) co_return Error(ErrorCode::forbidden);
    UploadAccess access{*reference.caller, std::move(*row)};
    co_return access;
}

/// The owner as a caller, with the right to this upload. Fails as `current_editor`.
Task<Result<Caller>> ResumableUploadService::State::owner_of(ResumableUpload const& row, Origin origin) {
    if (!row.owner_id) co_return Error(ErrorCode::upload_not_found);
    Caller caller;
    caller.user.id = *row.owner_id;
    caller.credential = Credential::upload_right(row.id);
    caller.since = clock.now();
    caller.origin = std::move(origin);
    auto user = co_await current_editor(work.repositories(), caller);
    if (!user) co_return user.error();
    caller.user = std::move(*user);
    co_return caller;
}

Task<Result<HeldUpload>> ResumableUploadService::State::hold(Uuid id) {
    auto lock = co_await locks.take(id);
    if (!lock) co_return lock.error();
    // Others may have changed it before it was taken.
    auto row = co_await rows().find(id);
    if (!row && *lock) co_await (*lock)->release(clock.now());
    if (!row) co_return Error(ErrorCode::upload_not_found);
    HeldUpload held{std::move(*lock), std::move(*row)};
    co_return held;
}

Task<UploadStatus> ResumableUploadService::State::status(ResumableUpload row) {
    UploadStatus status{std::move(row)};
    auto const& upload = status.upload;
    bool const has_content = upload.state == ResumableState::done && upload.concat != UploadConcat::partial;
    if (has_content) {
        auto content = co_await work.repositories().contents().find(upload.replaces.value_or(upload.id));
        // The address outlives the upload, and a content may have got another owner meanwhile.
        bool const is_theirs = content && content->owner_id == upload.owner_id;
        if (is_theirs) status.content = std::move(content);
    }
    co_return status;
}

/// As `status`; what a client cannot go on with is an error, unless it failed at its examination.
Task<Result<UploadStatus>> ResumableUploadService::State::answer(ResumableUpload row) {
    auto const checked = check_state(row, clock.now());
    bool const is_refused = row.state == ResumableState::failed && checked.error().code != ErrorCode::upload_lost;
    if (!checked && !is_refused) co_return checked.error();
    co_return co_await status(std::move(row));
}

/// Answers a client that lost the last answer.
Task<Result<UploadStatus>> ResumableUploadService::State::replay(ResumableUpload row, Chunk& chunk) {
    auto const fits = check_chunk(row, chunk, clock.now());
    if (!fits) co_return fits.error();
    if (row.state == ResumableState::open) co_return Error(ErrorCode::upload_not_found);
    auto const ended = co_await expect_end(chunk.bytes);
    if (!ended) co_return ended.error();
    co_return co_await status(std::move(row));
}

Task<Result<UploadStatus>> ResumableUploadService::State::append(Caller const& caller, HeldUpload& held, Chunk& chunk) {
    auto const fits = check_chunk(held.row, chunk, clock.now());
    if (!fits) co_return fits.error();
    if (held.row.is_complete) {
        auto const ended = co_await expect_end(chunk.bytes);
        if (!ended) co_return ended.error();
        co_return co_await complete(caller, held);
    }
    auto limited = co_await limit(held, chunk);
    if (!limited) co_return limited.error();
    co_return co_await take(caller, held, chunk, std::move(*limited));
}

Task<Result<UploadStatus>> ResumableUploadService::State::take(Caller const& caller, HeldUpload& held, Chunk& chunk,
                                                               UploadAppend::Limit limit) {
    auto& row = held.row;
    std::unique_ptr<RunningExamination> examination;
    bool const is_partial = row.concat == UploadConcat::partial;
    if (!is_partial) examination = examinations.take(row.id, static_cast<std::uint64_t>(row.offset));
    auto& store = objects.named(held.lock->upload().store).appendable();
    AppendContext const context{core, work, store, clock, log, life};
    Result<void> appended = Error(ErrorCode::internal);
    bool is_refused = false;
    {
        auto const executor = co_await boost::asio::this_coro::executor;
        auto const interruptible = locks.appends().add(row.id, executor, chunk.interrupt);
        UploadAppend append(context, *held.lock, row, chunk, std::move(limit), examination);
        appended = co_await append.run();
        is_refused = append.is_refused();
    }
    bool const is_lost = !appended && appended.error().code == ErrorCode::upload_lost;
    if (is_refused || is_lost) {
        co_await ending.fail(*held.lock, row, appended.error());
        co_return appended.error();
    }
    if (appended && row.is_complete) co_return co_await complete(caller, held, std::move(examination));
    if (examination) {
        examinations.keep(row.id, static_cast<std::uint64_t>(row.offset), std::move(examination));
    }
    if (!appended) co_return appended.error();
    co_return UploadStatus{row};
}

/// Returns how many bytes the upload may still get. If the chunk states the length of the whole, that is reserved.
Task<Result<UploadAppend::Limit>> ResumableUploadService::State::limit(HeldUpload& held, Chunk const& chunk) {
    auto const offset = static_cast<std::uint64_t>(held.row.offset);
    auto const max_size = std::max(core.limits().max_size, offset);
    UploadAppend::Limit limit;
    if (held.row.length) {
        limit = {static_cast<std::uint64_t>(*held.row.length) - offset, Error(ErrorCode::upload_length_exceeded)};
        co_return limit;
    }
    if (chunk.length && *chunk.length > max_size) co_return Error(ErrorCode::upload_too_large);
    auto const wanted = chunk.length ? *chunk.length - offset : std::uint64_t{0};
    auto row = held.row;
    if (chunk.length) row.length = static_cast<std::int64_t>(*chunk.length);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const owner = held.row.owner_id.value_or(Uuid{});
        auto const left = co_await core.quota_left(repositories, owner);
        if (left && wanted > *left) co_return Error(ErrorCode::quota_exceeded);
        limit = {max_size - offset, Error(ErrorCode::upload_too_large)};
        if (left && *left < limit.room) limit = {*left, Error(ErrorCode::quota_exceeded)};
        if (!chunk.length) co_return Result<void>{};
        limit = {wanted, Error(ErrorCode::upload_length_exceeded)};
        bool const held_still = co_await repositories.resumable_uploads().save(row, held.lock->holder());
        if (!held_still) co_return Error(ErrorCode::upload_interrupted);
        co_return Result<void>{};
    };
    auto const reserved = co_await work.transaction(steps);
    if (!reserved) co_return reserved.error();
    held.row = std::move(row);
    co_return limit;
}

Task<Result<UploadStatus>> ResumableUploadService::State::complete(Caller const& caller, HeldUpload& held,
                                                                   std::unique_ptr<RunningExamination> examination) {
    auto& row = held.row;
    bool const is_partial = row.concat == UploadConcat::partial;
    if (!examination && !is_partial) examination = examinations.take(row.id, static_cast<std::uint64_t>(row.offset));
    auto content = co_await ending.complete(caller, *held.lock, row, std::move(examination));
    if (!content) co_return content.error();
    if (is_partial) co_await join_waiting(row);
    UploadStatus status{row, std::move(*content)};
    co_return status;
}

/// Completes an upload that has all its bytes at its beginning.
Task<Result<UploadStatus>> ResumableUploadService::State::make_at_once(Caller const& owner, HeldUpload& held,
                                                                       std::vector<UploadPiece> const& pieces) {
    auto row = held.row;
    row.is_complete = true;
    if (!pieces.empty()) {
        auto& store = objects.named(held.lock->upload().store).appendable();
        auto const id = row.id.to_string();
        auto joined = co_await concatenate(store, id, pieces);
        if (!joined) {
            bool const is_for_good = joined.error().code != ErrorCode::insufficient_storage;
            if (is_for_good) co_await ending.fail(*held.lock, held.row, joined.error());
            co_return joined.error();
        }
        row.offset = static_cast<std::int64_t>(joined->size);
        row.progress = std::move(joined->progress);
    }
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool const is_saved = co_await repositories.resumable_uploads().save(row, held.lock->holder());
        if (!is_saved) co_return Error(ErrorCode::upload_interrupted);
        co_return Result<void>{};
    };
    auto const saved = co_await work.transaction(steps);
    if (!saved) co_return saved.error();
    held.row = std::move(row);
    held.lock->advance_to(held.row.offset);
    co_return co_await complete(owner, held);
}

/// Ends an upload whose address nobody knows, so that no job makes a content of it later. It may be that the store is
/// what broke: the collector removes the bytes.
Task<> ResumableUploadService::State::abandon(Uuid id) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const at = clock.now();
        co_await repositories.resumable_uploads().abandon(id, at, at + ended_resumable_upload_life);
        co_return Result<void>{};
    };
    try {
        co_await work.transaction(steps);
    } catch (std::exception const& failure) {
        log.warning("upload.abandon_failed", {{"upload", id.to_string()}, {"error", failure.what()}});
    }
}

/// Returns whether the upload has ended.
Task<bool> ResumableUploadService::State::finish(ResumableUpload const& row) {
    auto const owner = co_await owner_of(row, {});
    if (!owner) co_return false;
    auto held = co_await hold(row.id);
    if (!held || !held->lock) co_return false;
    auto const steps = [&]() -> Task<Result<UploadStatus>> {
        bool const is_unfinished = held->row.state == ResumableState::open && held->row.is_complete;
        if (!is_unfinished) co_return Error(ErrorCode::upload_not_found);
        co_return co_await complete(*owner, *held);
    };
    auto const finished = co_await holding<UploadStatus>(*held, steps);
    co_return finished || held->row.state == ResumableState::failed;
}

}  // namespace clinikk
