#include "service/upload_beginning.hpp"

#include <utility>

#include "base/random.hpp"
#include "service/audit.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

ResumableUpload make_row(Caller const& owner, NewResumableUpload wanted, std::string_view right, Timestamp at) {
    ResumableUpload row;
    // Upload, write, object and content share one id.
    row.id = new_uuid();
    row.owner_id = owner.user.id;
    if (wanted.length) row.length = static_cast<std::int64_t>(*wanted.length);
    if (wanted.concat != UploadConcat::partial) row.description = serialize(wanted.description.value());
    row.metadata = std::move(wanted.metadata);
    row.concat = wanted.concat;
    row.concat_field = std::move(wanted.concat_field);
    row.pieces = format_pieces(wanted.pieces);
    row.right_sha256 = Sha256::of(right);
    row.sha256 = wanted.sha256;
    row.replaces = wanted.replaces;
    row.created_at = at;
    return row;
}

Upload make_write(ResumableUpload const& row, ObjectStore const& store) {
    Upload write;
    write.id = row.id;
    write.content_id = row.id;
    write.object_id = row.id;
    write.owner_id = row.owner_id;
    write.method = UploadMethod::resumable;
    write.length = row.length;
    write.store = store.name();
    write.created_at = row.created_at;
    write.expires_at = row.expires_at;
    write.lease_until = row.expires_at;
    return write;
}

}  // namespace

Task<Result<UploadBegun>> UploadBeginning::begin(Caller const& owner, NewResumableUpload wanted,
                                                 std::string const& holder) const {
    FoundPieces joined;
    joined.store = objects_.current().name();
    bool const is_final = wanted.concat == UploadConcat::final_;
    if (is_final) {
        auto found = co_await find_pieces(work_.repositories(), owner.user.id, wanted.pieces, clock_.now());
        if (!found) co_return found.error();
        joined = std::move(*found);
        wanted.length = joined.size;
    }
    if (wanted.length.value_or(0) > core_.limits().max_size) co_return Error(ErrorCode::upload_too_large);
    auto const replaceable = co_await check_replaced(owner, wanted);
    if (!replaceable) co_return replaceable.error();

    auto const at = clock_.now();
    auto const length = wanted.length;
    UploadBegun begun;
    begun.right = make_secret();
    begun.upload = make_row(owner, std::move(wanted), begun.right, at);
    begun.upload.expires_at = at + life_;
    auto& store = objects_.named(joined.store);
    begun.write = make_write(begun.upload, store);
    bool const is_whole = is_final ? joined.are_complete : length == 0;
    if (is_whole) {
        begun.pieces = std::move(joined.pieces);
        begun.write.holder = holder;
        begun.write.lease_until = at + resumable_lease_length;
    }
    UnitOfWork::Steps const hand_over = [&](Repositories& repositories) -> Task<Result<void>> {
        if (is_final && is_whole) co_await hand_over_pieces(repositories, begun.upload.pieces, begun.upload.expires_at);
        co_return Result<void>{};
    };
    UnitOfWork::Steps const insert = [&](Repositories& repositories) -> Task<Result<void>> {
        co_await repositories.resumable_uploads().insert(begun.upload);
        AuditTarget const target{TargetKind::upload, begun.upload.id};
        co_await record(repositories, owner, AuditAction::upload_begun, target, at);
        co_return Result<void>{};
    };
    auto const room = co_await core_.reserve(owner, begun.write, length, hand_over, insert);
    if (!room) co_return room.error();
    co_return begun;
}

/// Returns whether the caller may change the content whose source the upload is to replace, and whether both are of the
/// same kind.
Task<Result<void>> UploadBeginning::check_replaced(Caller const& caller, NewResumableUpload const& wanted) const {
    if (!wanted.replaces) co_return Result<void>{};
    auto const kind = co_await core_.kind_to_replace(caller, *wanted.replaces);
    if (!kind) co_return kind.error();
    bool const is_same_kind = wanted.description && wanted.description->content_type == *kind;
    if (!is_same_kind) co_return Error(ErrorCode::media_kind_mismatch);
    co_return Result<void>{};
}

}  // namespace clinikk
