#include "service/resumable_upload_service.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>
#include <utility>

#include "service/resumable_upload_state.hpp"
#include "service/upload_beginning.hpp"
#include "service/upload_checks.hpp"

namespace clinikk {
namespace {

constexpr std::size_t unfinished_batch = 16;

}  // namespace

ResumableUploadService::ResumableUploadService(UploadCore& core, UnitOfWork& work, ObjectStores& objects, Clock& clock,
                                               Signals& signals, std::chrono::seconds life, Log& log)
    : core_(core),
      life_(life),
      state_(new State{core,
                       work,
                       objects,
                       clock,
                       log,
                       life,
                       {work, clock, signals, core.holder(), log},
                       {core.inspector(), clock},
                       {core, work, objects, clock, log},
                       Uuid{}}) {}

ResumableUploadService::~ResumableUploadService() = default;

void ResumableUploadService::drain() { state_->locks.appends().interrupt_all(); }

void ResumableUploadService::stop() { state_->examinations.drop_all(); }

Task<Result<UploadStatus>> ResumableUploadService::find(UploadReference const& reference) {
    // In this order: if nobody holds the upload now, the row that is read then tells all that has been saved.
    auto const write = co_await state_->work.repositories().uploads().find(reference.id);
    auto access = co_await state_->authorise(reference);
    if (!access) co_return access.error();
    auto const& [caller, row] = *access;
    bool const is_at_rest = !write || (write->holder.empty() && !row.is_complete && !awaits_pieces(row));
    bool const is_known = row.state != ResumableState::open || !check_state(row, state_->clock.now());
    if (is_at_rest || is_known) co_return co_await state_->answer(std::move(access->row));

    auto held = co_await state_->hold(reference.id);
    if (!held) co_return held.error();
    if (!held->lock) co_return co_await state_->answer(std::move(held->row));
    auto const look = [&]() -> Task<Result<UploadStatus>> {
        bool const is_unfinished = held->row.state == ResumableState::open && held->row.is_complete;
        if (is_unfinished) co_await state_->complete(access->caller, *held);
        if (awaits_pieces(held->row)) co_await state_->join(access->caller, *held);
        co_return co_await state_->answer(held->row);
    };
    co_return co_await state_->holding<UploadStatus>(*held, look);
}

Task<Result<UploadStatus>> ResumableUploadService::peek(UploadReference const& reference) {
    auto access = co_await state_->authorise(reference);
    if (!access) co_return access.error();
    co_return co_await state_->answer(std::move(access->row));
}

Task<Result<UploadStatus>> ResumableUploadService::append(UploadReference const& reference, Chunk chunk) {
    auto access = co_await state_->authorise(reference);
    if (!access) co_return access.error();
    bool const has_ended = access->row.state != ResumableState::open;
    if (has_ended) co_return co_await state_->replay(std::move(access->row), chunk);
    auto held = co_await state_->hold(reference.id);
    if (!held) co_return held.error();
    bool const is_over = !held->lock || held->row.state != ResumableState::open;
    auto const steps = [&]() -> Task<Result<UploadStatus>> {
        if (is_over) co_return co_await state_->replay(held->row, chunk);
        co_return co_await state_->append(access->caller, *held, chunk);
    };
    if (!held->lock) co_return co_await steps();
    co_return co_await state_->holding<UploadStatus>(*held, steps);
}

Task<Result<BegunResumableUpload>> ResumableUploadService::begin(Caller const& owner, NewResumableUpload wanted) {
    UploadBeginning const beginning(core_, state_->work, state_->objects, state_->clock, life_);
    auto const holder = state_->locks.new_holder();
    auto begun = co_await beginning.begin(owner, std::move(wanted), holder);
    if (!begun) co_return begun.error();
    auto& [upload, write, pieces, right] = *begun;
    state_->log.info("upload.begun", {{"upload", upload.id.to_string()}});
    BegunResumableUpload result{std::move(upload), std::move(right)};
    if (write.holder.empty()) co_return result;

    auto const executor = co_await boost::asio::this_coro::executor;
    HeldUpload held{std::make_unique<UploadLock>(executor, state_->clock, state_->work, write, state_->log),
                    result.upload};
    auto const steps = [&]() -> Task<Result<UploadStatus>> {
        auto made = co_await state_->make_at_once(owner, held, begun->pieces);
        // Its client does not know it, so that nobody would go on with it.
        bool const is_stuck = !made && held.row.state == ResumableState::open;
        if (is_stuck) co_await state_->ending.fail(*held.lock, held.row, made.error());
        co_return made;
    };
    auto const make = [&] { return state_->holding<UploadStatus>(held, steps); };
    auto made = co_await state_->or_abandon(result.upload.id, make);
    if (!made) co_return made.error();
    result.upload = std::move(made->upload);
    result.content = std::move(made->content);
    co_return result;
}

Task<Result<UploadStatus>> ResumableUploadService::append_first(UploadReference const& reference, Chunk chunk) {
    chunk.interrupt = {};  // nobody else knows the upload, and at the end of the process nobody could go on with it
    auto const steps = [&]() -> Task<Result<UploadStatus>> {
        auto status = co_await append(reference, std::move(chunk));
        if (!status) co_await cancel(reference);
        co_return status;
    };
    co_return co_await state_->or_abandon(reference.id, steps);
}

Task<Result<void>> ResumableUploadService::cancel(UploadReference const& reference) {
    auto access = co_await state_->authorise(reference);
    if (!access) co_return access.error();
    auto held = co_await state_->hold(reference.id);
    if (!held) co_return held.error();
    auto const state = held->row.state;
    bool const has_gone = state == ResumableState::cancelled || state == ResumableState::expired;
    if (!held->lock) {
        if (has_gone || state == ResumableState::open) co_return Error(ErrorCode::upload_not_found);
        co_await state_->rows().forget(reference.id);
        co_return Result<void>{};
    }
    auto const steps = [&]() -> Task<Result<void>> {
        return state_->ending.cancel(access->caller, *held->lock, held->row);
    };
    co_return co_await state_->holding<void>(*held, steps);
}

Task<Result<std::vector<ResumableUpload>>> ResumableUploadService::list(Caller const& caller,
                                                                        std::optional<Uuid> before, std::size_t limit) {
    co_return co_await state_->rows().list_open(caller.user.id, before, limit);
}

Task<std::uint64_t> ResumableUploadService::finish_unfinished() {
    state_->examinations.drop_idle();
    auto& after = state_->looked_through;
    auto const unfinished = co_await state_->rows().list_unfinished(state_->clock.now(), after, unfinished_batch);
    // What cannot be finished now does not keep the others from their turn.
    after = unfinished.size() < unfinished_batch ? Uuid{} : unfinished.back().id;
    std::uint64_t count = 0;
    for (auto const& row : unfinished) {
        try {
            if (co_await state_->finish(row)) ++count;
        } catch (std::exception const& failure) {
            state_->log.warning("upload.finish_failed", {{"upload", row.id.to_string()}, {"error", failure.what()}});
        }
    }
    co_return count;
}

}  // namespace clinikk
