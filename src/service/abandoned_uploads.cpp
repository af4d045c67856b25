#include "service/abandoned_uploads.hpp"

#include <boost/asio/this_coro.hpp>

#include "domain/appendable_objects.hpp"
#include "domain/object_key.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

constexpr std::size_t keys_at_once = 100;

/// Whether its client can still do something with the bytes: append to them, or join them to others.
bool has_use(ResumableUpload const& upload) {
    bool const is_piece = upload.state == ResumableState::done && upload.concat == UploadConcat::partial;
    return upload.state == ResumableState::open || is_piece;
}

Task<bool> awaits_its_client(Repositories& repositories, Upload const& upload, Timestamp at) {
    if (upload.method == UploadMethod::direct) co_return upload.expires_at > at;
    if (upload.method != UploadMethod::resumable) co_return false;
    auto const resumable = co_await repositories.resumable_uploads().find(upload.id);
    co_return resumable.has_value() && has_use(*resumable) && resumable->expires_at > at;
}

}  // namespace

AbandonedUploads::AbandonedUploads(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::string holder, Log& log)
    : work_(work), objects_(objects), clock_(clock), holder_(std::move(holder)), log_(log) {}

Task<AbandonedUploads::Fate> AbandonedUploads::fate_of(Upload const& upload) {
    bool const is_awaited = co_await awaits_its_client(work_.repositories(), upload, clock_.now());
    if (is_awaited) co_return Fate::returns;
    bool const is_alive = co_await objects_.named(upload.store).is_being_written(upload.id.to_string());
    co_return is_alive ? Fate::stays : Fate::goes;
}

Task<> AbandonedUploads::give_back(Upload const& upload) {
    bool const claimed = co_await take_over(upload);
    if (!claimed) co_return;
    auto& repositories = work_.repositories();
    if (upload.method == UploadMethod::resumable) {
        // Nobody changes the row while this process holds the upload.
        auto const resumable = co_await repositories.resumable_uploads().find(upload.id);
        if (!resumable || !has_use(*resumable)) co_return;
        co_await repositories.uploads().release_resumable(upload.id, holder_, resumable->expires_at);
    } else if (auto const current = co_await repositories.uploads().find(upload.id)) {
        co_await repositories.uploads().hand_over(*current, holder_);
    }
}

Task<> AbandonedUploads::remove(Upload const& upload) {
    bool const claimed = co_await take_over(upload);
    if (!claimed) co_return;
    auto held = upload;
    held.holder = holder_;
    UploadLease const lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), held,
                            log_);
    co_await remove_bytes(upload, lease);
    if (!lease.is_lost()) co_await finish(upload);
}

Task<bool> AbandonedUploads::take_over(Upload const& upload) {
    auto const at = clock_.now();
    return work_.repositories().uploads().take_over(upload.id, holder_, at, at + collector_claim_length);
}

/// Before all bytes had arrived, the object may have been begun under another key; all such keys contain its id. The
/// row is held meanwhile, so that no other process goes on with the upload.
Task<> AbandonedUploads::remove_bytes(Upload const& upload, UploadLease const& lease) {
    auto& store = objects_.named(upload.store);
    if (upload.method == UploadMethod::resumable) co_await remove_appended(upload);
    co_await store.remove_uncommitted(upload.id.to_string());
    std::vector<std::string> keys;
    if (is_object_key(upload.object_key)) keys.push_back(upload.object_key);
    for (auto const& folder : object_folders) {
        auto const found = co_await store.list(std::string(folder) + upload.object_id.to_string(), "", keys_at_once);
        keys.insert(keys.end(), found.begin(), found.end());
    }
    for (auto const& key : keys) {
        if (lease.is_lost()) co_return;
        bool const in_use = co_await work_.repositories().objects().has_key(upload.store, key);
        if (!in_use) co_await store.remove(key);
    }
}

/// The row tells what the store has of the upload. It is read under the claim: the last holder may have saved more
/// since the upload was found.
Task<> AbandonedUploads::remove_appended(Upload const& upload) {
    auto const object = co_await work_.repositories().objects().find(upload.object_id);
    if (object) co_return;
    AppendState state;
    if (auto const resumable = co_await work_.repositories().resumable_uploads().find(upload.id)) {
        state = {static_cast<std::uint64_t>(resumable->offset), resumable->progress};
    }
    co_await objects_.named(upload.store).appendable().remove(upload.id.to_string(), state);
}

Task<> AbandonedUploads::finish(Upload const& upload) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        if (upload.method == UploadMethod::resumable) {
            auto resumable = co_await repositories.resumable_uploads().find(upload.id);
            if (resumable && has_use(*resumable)) {
                resumable->state = ResumableState::expired;
                resumable->progress.clear();
                resumable->expires_at = clock_.now() + ended_resumable_upload_life;
                co_await repositories.resumable_uploads().end(*resumable, holder_);
            }
        }
        co_await repositories.uploads().finish(upload.id, holder_);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    done.value();
}

}  // namespace clinikk
