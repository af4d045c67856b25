#include "service/mover.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

constexpr std::size_t move_batch = 100;
constexpr std::size_t parallel_objects = 4;
constexpr std::uint64_t piece_bytes = 1024UL * 1024;

/// The bytes of an object, piece by piece.
class StoredSource : public ByteSource {
public:
    StoredSource(ObjectStore& store, std::string const& key, std::uint64_t size, UploadLease& lease)
        : store_(store), key_(key), size_(size), lease_(lease) {}

    Task<Result<std::string_view>> next() override {
        if (lease_.is_lost()) co_return Error(ErrorCode::upload_interrupted);
        if (offset_ == size_) co_return std::string_view{};
        ByteRange const range{offset_, std::min(piece_bytes, size_ - offset_)};
        auto bytes = co_await store_.read_at(key_, range);
        if (!bytes || bytes->empty()) {
            co_return Error(ErrorCode::source_unavailable, "is missing, or cannot be read to its end");
        }
        piece_ = std::move(*bytes);
        offset_ += piece_.size();
        co_return std::string_view(piece_);
    }

private:
    ObjectStore& store_;
    std::string const& key_;
    std::uint64_t size_;
    UploadLease& lease_;
    std::uint64_t offset_ = 0;
    std::string piece_;
};

/// The row under which a copy is made. It has the id of the object, so that the collector finds what is left of the
/// copy, and its key, so that the collector leaves the bytes alone until the row of the object points to them.
Upload copy_in_flight(Object const& object, ObjectStore const& target, std::string const& holder, Timestamp at) {
    Upload upload;
    upload.id = object.id;
    upload.content_id = object.id;
    upload.object_id = object.id;
    if (object.size) upload.length = static_cast<std::int64_t>(*object.size);
    upload.store = target.name();
    upload.object_key = object.key;
    upload.holder = holder;
    upload.created_at = at;
    upload.lease_until = upload.created_at + upload_lease_length;
    upload.expires_at = upload.created_at + std::chrono::hours(24);
    return upload;
}

bool is_in(std::optional<Object> const& object, ObjectStore const& store) {
    return object && object->state == ObjectState::stored && object->store == store.name();
}

}  // namespace

struct Mover::Run {
    ObjectStore& source;
    ObjectStore& target;
    Report report;
    Progress progress;
    Wakeup wakeup;
    Movement movement{};
    std::size_t under_way = 0;
};

Mover::Mover(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::string holder, Log& log)
    : work_(work), objects_(objects), clock_(clock), holder_(std::move(holder)), log_(log) {}

Task<Movement> Mover::copy(std::string from, std::string to, Report report, Progress progress) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Run run{objects_.named(from), objects_.named(to), std::move(report), std::move(progress), Wakeup(executor)};
    co_await count(run);
    std::exception_ptr breakage;
    try {
        co_await copy_all(run);
    } catch (...) {
        breakage = std::current_exception();
    }
    // The copies under way refer to `run`, so wait for them before it is destroyed.
    while (run.under_way > 0) co_await run.wakeup.wait();
    if (breakage) std::rethrow_exception(breakage);
    co_return run.movement;
}

Task<> Mover::copy_all(Run& run) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.repositories().objects().list(ObjectState::stored, after, move_batch);
        for (auto const& object : objects) {
            after = object.id;
            if (object.store != run.source.name()) continue;
            while (run.under_way == parallel_objects) co_await run.wakeup.wait();
            ++run.under_way;
            boost::asio::co_spawn(executor, copy_one(run, object), boost::asio::detached);
        }
        if (objects.size() < move_batch) co_return;
    }
}

Task<> Mover::count(Run& run) {
    Uuid after;
    while (true) {
        auto const objects = co_await work_.repositories().objects().list(ObjectState::stored, after, move_batch);
        for (auto const& object : objects) {
            after = object.id;
            if (object.store != run.source.name()) continue;
            ++run.movement.all_objects;
            run.movement.all_bytes += object.size.value_or(0);
        }
        if (objects.size() < move_batch) co_return;
    }
}

Task<> Mover::copy_one(Run& run, Object object) {
    std::string failure;
    try {
        auto const stands_there = objects_.find(object.store, object.bucket) == &run.source;
        if (stands_there) {
            failure = co_await try_to_copy(run, object);
        } else {
            failure = "stands in the bucket '" + object.bucket + "', which is not configured";
        }
    } catch (std::exception const& breakage) {
        failure = breakage.what();
    }
    if (failure.empty()) {
        ++run.movement.objects;
        run.movement.bytes += object.size.value_or(0);
    } else if (co_await needs_copy(run, object)) {
        ++run.movement.failures;
        run.report(object.key, failure);
    }
    run.progress(run.movement);
    --run.under_way;
    run.wakeup.wake();
}

/// Returns false when the object was deleted meanwhile, or moved by another process. Returns true when the database
/// cannot tell.
Task<bool> Mover::needs_copy(Run& run, Object const& object) {
    try {
        auto const current = co_await work_.repositories().objects().find(object.id);
        co_return is_in(current, run.source);
    } catch (std::exception const&) {
        co_return true;
    }
}

/// The size as the row states it or, if the row does not know it, as the store does.
Task<std::optional<std::uint64_t>> Mover::size_of(ObjectStore& store, Object const& object) {
    if (object.size) co_return object.size;
    auto const stat = co_await store.stat(object.key);
    co_return stat ? std::optional(stat->size) : std::nullopt;
}

/// Copies one object. Returns why it could not be copied; empty when it was.
Task<std::string> Mover::try_to_copy(Run& run, Object& object) {
    auto const expected = co_await size_of(run.source, object);
    if (!expected) co_return "is missing";
    auto const upload = copy_in_flight(object, run.target, holder_, clock_.now());
    bool const claimed = co_await claim(run, upload);
    if (!claimed) co_return "is being copied, or its name cleared, by another process";
    UploadLease lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), upload, log_);
    std::string failure;
    try {
        co_await clear_place(run, object);
        StoredSource source(run.source, object.key, *expected, lease);
        failure = co_await copy_claimed(run, object, upload, source, *expected);
    } catch (std::exception const& breakage) {
        // The row stays: it tells the collector, or the next copy, of bytes that could not be removed.
        co_return breakage.what();
    }
    co_await work_.repositories().uploads().finish(upload.id, holder_);
    co_return failure;
}

/// Removes what an earlier copy left under the key of the object in the target, unless another object has that key.
Task<> Mover::clear_place(Run& run, Object const& object) {
    auto const there = co_await run.target.stat(object.key);
    if (!there) co_return;
    bool const is_anothers = co_await work_.repositories().objects().has_key(run.target.name(), object.key);
    if (!is_anothers) co_await run.target.remove(object.key);
}

Task<std::string> Mover::copy_claimed(Run& run, Object& object, Upload const& upload, ByteSource& source,
                                      std::uint64_t expected) {
    auto const write = co_await run.target.create(upload.id.to_string());
    auto const media_type = object.media_type.value_or("application/octet-stream");
    write->set_labeller([&] { return ObjectLabel{object.key, media_type, "inline"}; });
    std::string failure;
    try {
        auto const stored = co_await write->write(source, expected);
        if (!stored) {
            failure = stored.error().detail;
        } else if (stored->size != expected || stored->sha256 != object.sha256.value_or(stored->sha256)) {
            failure = "has other bytes than its row says";
        } else {
            object.size = stored->size;
            object.sha256 = stored->sha256;
            co_await write->commit(object.key);
            failure = co_await point_to(run, object, upload);
        }
    } catch (std::exception const& breakage) {
        failure = breakage.what();
    }
    if (!failure.empty()) co_await write->discard();
    co_return failure;
}

/// Claims the copy. An existing row belongs to a copy that was interrupted, or is held by another process: one that
/// copies, or a collector that clears the key. If another process has moved the object since it was listed, there is
/// nothing to claim.
Task<bool> Mover::claim(Run& run, Upload const& upload) {
    std::optional<Upload> interrupted;
    bool claimed = false;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        claimed = false;
        auto const object = co_await repositories.objects().find(upload.object_id);
        interrupted = co_await repositories.uploads().find(upload.id);
        if (!is_in(object, run.source)) co_return Result<void>{};
        if (interrupted) {
            claimed =
                co_await repositories.uploads().take_over(upload.id, holder_, upload.created_at, upload.lease_until);
        } else if (!co_await repositories.uploads().is_writing(upload.object_key, upload.object_id)) {
            co_await repositories.uploads().insert(upload);
            claimed = true;
        }
        co_return Result<void>{};
    };
    auto done = co_await work_.transaction(steps);
    done.value();
    if (!claimed || !interrupted) co_return claimed;
    co_await objects_.named(interrupted->store).remove_uncommitted(upload.id.to_string());
    UnitOfWork::Steps const begin_anew = [&](Repositories& repositories) -> Task<Result<void>> {
        claimed = co_await repositories.uploads().finish(upload.id, holder_);
        if (claimed) co_await repositories.uploads().insert(upload);
        co_return Result<void>{};
    };
    done = co_await work_.transaction(begin_anew);
    done.value();
    co_return claimed;
}

/// Ends the copy in the transaction that makes the row of the object point to it: a process that has lost the claim
/// meanwhile does not know what is under the key now. Returns why it failed; empty also when the object was deleted
/// meanwhile.
Task<std::string> Mover::point_to(Run& run, Object const& object, Upload const& upload) {
    auto moved = object;
    moved.store = run.target.name();
    moved.bucket = run.target.bucket();
    auto const url = run.target.public_url(object.key);
    bool found = false;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool const held = co_await repositories.uploads().finish(upload.id, holder_);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        found = co_await repositories.objects().relocate(object.store, moved);
        if (!found) co_return Result<void>{};
        co_await repositories.contents().set_storage_url(object.id, url);
        SourceFacts const facts{object.size.value(), object.sha256.value(), {}};
        if (!object.media_type) co_await repositories.contents().set_source_facts(object.id, facts);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error().detail;
    // Under our claim no other process can have moved the object, so it was deleted.
    if (!found) co_await run.target.remove(object.key);
    co_return "";
}

}  // namespace clinikk
