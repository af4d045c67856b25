#include <algorithm>
#include <exception>

#include "service/resumable_upload_state.hpp"
#include "service/upload_checks.hpp"

/// Final uploads that were begun before their parts were complete.
namespace clinikk {
namespace {

/// Of one account, that are looked through when a part of it is complete.
constexpr std::size_t max_waiting = 1000;

}  // namespace

/// Joins the pieces if they are complete now. If one of them has gone, the upload has failed.
Task<Result<UploadStatus>> ResumableUploadService::State::join(Caller const& owner, HeldUpload& held) {
    auto const ids = parse_pieces(held.row.pieces);
    auto const owner_id = held.row.owner_id.value_or(Uuid{});
    auto const found = co_await find_pieces(work.repositories(), owner_id, ids, clock.now());
    if (!found) {
        co_await ending.fail(*held.lock, held.row, found.error());
        co_return found.error();
    }
    auto const reserved = co_await reserve_joined(held, *found);
    bool const is_too_large = !reserved && reserved.error().code == ErrorCode::upload_too_large;
    if (is_too_large) co_await ending.fail(*held.lock, held.row, reserved.error());
    if (!reserved) co_return reserved.error();
    if (!found->are_complete) co_return UploadStatus{held.row};
    co_return co_await make_at_once(owner, held, found->pieces);
}

Task<Result<AppendState>> ResumableUploadService::State::concatenate(AppendableObjects& store, std::string_view id,
                                                                     std::vector<UploadPiece> const& pieces) {
    try {
        co_return co_await store.concatenate(id, pieces, core.limits().max_size);
    } catch (OutOfSpace const& failure) {
        log.warning("disk.filled", {{"upload", id}, {"error", failure.what()}});
        co_return Error(ErrorCode::insufficient_storage);
    }
}

/// Records the length as soon as it is known, if there is room for it, and that the upload is not forgotten.
Task<Result<void>> ResumableUploadService::State::reserve_joined(HeldUpload& held, FoundPieces const& found) {
    auto row = held.row;
    auto const size = found.size;
    row.expires_at = clock.now() + life;
    std::uint64_t const wanted = row.length ? 0 : size.value_or(0);
    if (wanted > core.limits().max_size) co_return Error(ErrorCode::upload_too_large);
    if (size) row.length = static_cast<std::int64_t>(*size);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const owner = row.owner_id.value_or(Uuid{});
        if (found.are_complete) co_await hand_over_pieces(repositories, row.pieces, row.expires_at);
        auto const left = co_await core.quota_left(repositories, owner);
        if (left && wanted > *left) co_return Error(ErrorCode::quota_exceeded);
        bool const is_saved = co_await repositories.resumable_uploads().save(row, held.lock->holder());
        if (!is_saved) co_return Error(ErrorCode::upload_interrupted);
        co_return Result<void>{};
    };
    auto const saved = co_await work.transaction(steps);
    if (saved) held.row = std::move(row);
    co_return saved;
}

/// Joins the final uploads for which that piece was missing. Their clients learn the outcome when they ask for it; so
/// does the one that sent the piece, which is stored in any case.
Task<> ResumableUploadService::State::join_waiting(ResumableUpload const& piece) {
    if (!piece.owner_id) co_return;
    auto const open = co_await rows().list_open(*piece.owner_id, std::nullopt, max_waiting);
    for (auto const& row : open) {
        auto const ids = parse_pieces(row.pieces);
        if (awaits_pieces(row) && std::ranges::find(ids, piece.id) != ids.end()) co_await try_to_join(row);
    }
}

Task<> ResumableUploadService::State::try_to_join(ResumableUpload const& row) {
    try {
        auto const owner = co_await owner_of(row, {});
        if (!owner) co_return;
        auto held = co_await hold(row.id);
        if (!held || !held->lock) co_return;
        auto const steps = [&]() -> Task<Result<UploadStatus>> {
            if (awaits_pieces(held->row)) co_return co_await join(*owner, *held);
            co_return UploadStatus{held->row};
        };
        co_await holding<UploadStatus>(*held, steps);
    } catch (std::exception const& failure) {
        log.warning("upload.join_failed", {{"upload", row.id.to_string()}, {"error", failure.what()}});
    }
}

}  // namespace clinikk
