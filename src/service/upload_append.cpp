#include "service/upload_append.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace clinikk {
namespace {

constexpr std::uint64_t save_bytes = 32UL * 1024 * 1024;
constexpr std::chrono::seconds save_interval{2};
constexpr int max_open_attempts = 40;
constexpr std::chrono::milliseconds open_interval{50};

std::uint64_t unsigned_of(std::int64_t number) { return static_cast<std::uint64_t>(number); }

}  // namespace

UploadAppend::UploadAppend(AppendContext const& context, UploadLock& lock, ResumableUpload& row, Chunk& chunk,
                           Limit limit, std::unique_ptr<RunningExamination>& examination)
    : context_(context),
      lock_(lock),
      row_(row),
      chunk_(chunk),
      limit_(std::move(limit)),
      examination_(examination),
      begun_at_(unsigned_of(row.offset)),
      is_reserved_(row.length.has_value()),
      saved_at_(context.clock.steady_now()) {}

Task<Result<void>> UploadAppend::run() {
    if (is_checked()) {
        auto digests = ChunkDigests::begin(chunk_.checksum_algorithm);
        if (!digests) co_return digests.error();
        digests_.emplace(std::move(*digests));
    }
    auto const opened = co_await open();
    if (!opened) co_return opened.error();
    auto taken = co_await take_guarded();
    auto const kept = co_await keep_or_discard(std::move(taken));
    if (unsigned_of(row_.offset) != begun_at_ + taken_) examination_.reset();
    co_return kept;
}

/// A request that has let go of the upload may need a moment until it has closed the object.
Task<Result<void>> UploadAppend::open() {
    std::optional<std::uint64_t> length;
    if (row_.length) length = unsigned_of(*row_.length);
    AppendState const state{begun_at_, row_.progress};
    auto const hash = examination_ ? examination_->hash : nullptr;
    auto const id = row_.id.to_string();
    auto const timer = context_.clock.make_timer(co_await boost::asio::this_coro::executor);
    for (int attempt = 1;; ++attempt) {
        auto opened = co_await context_.objects.open(id, state, length, context_.core.limits().max_size, hash);
        if (opened) {
            object_ = std::move(*opened);
            co_return Result<void>{};
        }
        bool const is_last = opened.error().code != ErrorCode::upload_locked || attempt == max_open_attempts;
        if (is_last) co_return opened.error();
        co_await timer->wait(open_interval);
    }
}

/// When the store breaks, what it has saved before is kept, and the examination may have seen more than that.
Task<Result<void>> UploadAppend::take_guarded() {
    std::exception_ptr breakage;
    try {
        co_return co_await take();
    } catch (OutOfSpace const& failure) {
        context_.log.warning("disk.filled", {{"upload", row_.id.to_string()}, {"error", failure.what()}});
        examination_.reset();
        co_return Error(ErrorCode::insufficient_storage);
    } catch (...) {
        breakage = std::current_exception();
    }
    examination_.reset();
    if (is_checked()) std::rethrow_exception(breakage);
    try {
        Result<void> broken = Error(ErrorCode::unavailable);
        co_await keep(std::move(broken));
    } catch (std::exception const& failure) {
        context_.log.warning("upload.save_failed", {{"upload", row_.id.to_string()}, {"error", failure.what()}});
    }
    std::rethrow_exception(breakage);
}

Task<Result<void>> UploadAppend::take() {
    while (true) {
        if (lock_.lease().is_lost()) co_return Error(ErrorCode::upload_interrupted);
        auto const piece = co_await chunk_.bytes.next();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return Result<void>{};
        auto const fits = piece->substr(0, std::min<std::uint64_t>(piece->size(), limit_.room - taken_));
        auto const taken = co_await take_piece(fits);
        if (!taken) co_return taken;
        if (fits.size() < piece->size()) co_return limit_.beyond;
        // A checksum speaks for all bytes: until it has been compared, nothing is known about them.
        if (is_checked()) continue;
        auto const saved = co_await save_if_due();
        if (!saved) co_return saved;
    }
}

Task<Result<void>> UploadAppend::take_piece(std::string_view piece) {
    if (piece.empty()) co_return Result<void>{};
    if (digests_) digests_->update(piece);
    if (examination_) examination_->inspection->feed(piece);
    auto const refusal = examination_ && !is_checked() ? examination_->inspection->refusal() : std::nullopt;
    if (refusal) {
        is_refused_ = true;
        co_return *refusal;
    }
    auto const written = co_await object_->write(piece);
    if (!written) {
        examination_.reset();
        co_return written.error();
    }
    taken_ += piece.size();
    co_return Result<void>{};
}

Task<Result<void>> UploadAppend::save_if_due() {
    auto const at = context_.clock.steady_now();
    if (taken_ - saved_ < save_bytes && at - saved_at_ < save_interval) co_return Result<void>{};
    saved_ = taken_;
    auto state = co_await object_->save(false);
    saved_at_ = context_.clock.steady_now();
    if (state && state->size == unsigned_of(row_.offset)) co_return Result<void>{};
    if (!state) co_return state.error();
    auto const recorded = co_await record(std::move(*state), false, false);
    if (!recorded) co_return recorded;
    if (chunk_.progress) co_await chunk_.progress(unsigned_of(row_.offset));
    co_return Result<void>{};
}

Task<Result<void>> UploadAppend::keep_or_discard(Result<void> taken) {
    if (lock_.lease().is_lost()) co_return Error(ErrorCode::upload_interrupted);
    bool const is_kept = !is_checked() && !is_refused_;
    if (is_kept) co_return co_await keep(std::move(taken));
    auto verified = taken ? verify() : std::move(taken);
    auto const refusal = verified && examination_ ? examination_->inspection->refusal() : std::nullopt;
    if (refusal) {
        is_refused_ = true;
        verified = *refusal;
    }
    if (verified) co_return co_await keep(std::move(verified));
    co_await object_->discard();
    co_return verified;
}

Result<void> UploadAppend::verify() {
    auto const stated = chunk_.checksum();
    if (!stated) return stated.error();
    return *stated ? digests_->verify(**stated) : Result<void>{};
}

/// Keeps what has arrived, whatever ended the request.
Task<Result<void>> UploadAppend::keep(Result<void> taken) {
    auto state = co_await object_->save(true);
    bool const is_full = !state && state.error().code == ErrorCode::insufficient_storage;
    if (is_full) {
        // The store has told of its full disk; now it tells what it has.
        taken = state.error();
        state = co_await object_->save(true);
    }
    if (!state) {
        examination_.reset();
        co_return state.error();
    }
    auto const complete = completes(taken, static_cast<std::int64_t>(state->size));
    if (!complete) taken = complete.error();
    bool const is_complete = complete && *complete;
    bool const goes_on = is_complete && taken;
    auto const recorded = co_await record(std::move(*state), is_complete, !goes_on);
    if (!recorded) co_return recorded;
    try {
        co_await object_->settle();
    } catch (std::exception const& failure) {
        context_.log.warning("upload.settle_failed", {{"upload", row_.id.to_string()}, {"error", failure.what()}});
    }
    co_return taken;
}

/// Returns whether nothing follows. By tus an upload is complete when its length is reached, however that request ends:
/// its client, who asks for the offset, believes so. By the IETF's protocol it is when the client says so.
Result<bool> UploadAppend::completes(Result<void> const& taken, std::int64_t end) {
    if (!chunk_.completes) return row_.length == end;
    if (!*chunk_.completes || !taken) return false;
    if (row_.length && row_.length != end) {
        Error error(ErrorCode::upload_length_mismatch);
        error.problem_type = inconsistent_length_type;
        return error;
    }
    row_.length = end;
    return true;
}

Task<Result<void>> UploadAppend::record(AppendState state, bool is_complete, bool lets_go) {
    auto next = row_;
    next.offset = static_cast<std::int64_t>(state.size);
    next.progress = std::move(state.progress);
    next.is_complete = is_complete;
    next.expires_at = context_.clock.now() + context_.life;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool held = co_await repositories.resumable_uploads().save(next, lock_.holder());
        bool const fits =
            is_reserved_ || !next.owner_id || co_await context_.core.is_within_quota(repositories, *next.owner_id);
        if (!fits) co_return Error(ErrorCode::quota_exceeded);
        if (held && lets_go) held = co_await lock_.release_in(repositories, next.expires_at);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        co_return Result<void>{};
    };
    auto const recorded = co_await context_.work.transaction(steps);
    if (!recorded) co_return recorded;
    row_ = std::move(next);
    lock_.advance_to(row_.offset);
    if (lets_go) lock_.note_release();
    co_return recorded;
}

}  // namespace clinikk
