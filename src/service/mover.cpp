#include "service/mover.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

constexpr std::size_t batch = 100;
constexpr std::size_t parallel_objects = 4;
constexpr std::uint64_t piece_bytes = 1024UL * 1024;

/// An object's bytes, piece by piece.
class StoredSource : public ByteSource {
public:
    StoredSource(ObjectStore& store, std::string const& key, std::uint64_t size, UploadLease& lease)
        : store_(store), key_(key), size_(size), lease_(lease) {}

    Task<Result<std::string_view>> next() override {
        if (lease_.is_lost()) co_return Error(ErrorCode::upload_interrupted);
        if (offset_ == size_) co_return std::string_view{};
        ByteRange const range{offset_, std::min(piece_bytes, size_ - offset_)};
        auto bytes = co_await store_.read_at(key_, range);
        if (!bytes || bytes->empty()) co_return Error(ErrorCode::content_not_found);
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

/// The row under which a copy is made: with the object's id, so that the collector finds what is left of it.
Upload copy_in_flight(Object const& object, ObjectStore const& target, std::string const& holder) {
    Upload upload;
    upload.id = object.id;
    upload.content_id = object.id;
    upload.object_id = object.id;
    if (object.size) upload.length = static_cast<std::int64_t>(*object.size);
    upload.store = target.name();
    upload.holder = holder;
    upload.created_at = now();
    upload.lease_until = upload.created_at + upload_lease_length;
    upload.expires_at = upload.created_at + std::chrono::hours(24);
    return upload;
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

Mover::Mover(UnitOfWork& work, ObjectStores& objects, std::string holder, Log& log)
    : work_(work), objects_(objects), holder_(std::move(holder)), log_(log) {}

Task<Movement> Mover::copy(std::string from, std::string to, Report report, Progress progress) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Run run{objects_.named(from), objects_.named(to), std::move(report), std::move(progress), Wakeup(executor)};
    co_await count(run);
    Uuid after;
    while (true) {
        auto const objects = co_await work_.stores().objects().list(ObjectState::stored, after, batch);
        for (auto const& object : objects) {
            after = object.id;
            if (object.store != from) continue;
            while (run.under_way == parallel_objects) co_await run.wakeup.wait();
            ++run.under_way;
            boost::asio::co_spawn(executor, copy_one(run, object), boost::asio::detached);
        }
        if (objects.size() < batch) break;
    }
    while (run.under_way > 0) co_await run.wakeup.wait();
    co_return run.movement;
}

Task<> Mover::count(Run& run) {
    Uuid after;
    while (true) {
        auto const objects = co_await work_.stores().objects().list(ObjectState::stored, after, batch);
        for (auto const& object : objects) {
            after = object.id;
            if (object.store != run.source.name()) continue;
            ++run.movement.all_objects;
            run.movement.all_bytes += object.size.value_or(0);
        }
        if (objects.size() < batch) co_return;
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
    } else {
        ++run.movement.failures;
        run.report(object.key, failure);
    }
    run.progress(run.movement);
    --run.under_way;
    run.wakeup.wake();
}

/// As its row says, or where that does not know, the store.
Task<std::optional<std::uint64_t>> Mover::size_of(ObjectStore& store, Object const& object) {
    if (object.size) co_return object.size;
    auto const stat = co_await store.stat(object.key);
    co_return stat ? std::optional(stat->size) : std::nullopt;
}

/// Why it could not be copied; empty when it was.
Task<std::string> Mover::try_to_copy(Run& run, Object& object) {
    auto const expected = co_await size_of(run.source, object);
    if (!expected) co_return "is missing";
    auto const upload = copy_in_flight(object, run.target, holder_);
    bool const claimed = co_await claim(upload);
    if (!claimed) co_return "is being copied by another process";
    UploadLease lease(co_await boost::asio::this_coro::executor, work_.stores().uploads(), upload, log_);
    auto const write = co_await run.target.create(upload.id.to_string());
    auto const media_type = object.media_type.value_or("application/octet-stream");
    write->set_labeller([&] { return ObjectLabel{object.key, media_type, "inline"}; });
    StoredSource source(run.source, object.key, *expected, lease);
    std::string failure;
    try {
        auto const stored = co_await write->write(source, *expected);
        if (!stored) {
            failure = stored.error().detail;
        } else if (stored->size != *expected || stored->sha256 != object.sha256.value_or(stored->sha256)) {
            failure = "has other bytes than its row says";
        } else {
            object.size = stored->size;
            object.sha256 = stored->sha256;
            co_await write->commit(object.key);
            bool const moved = co_await point_to(run, object);
            if (!moved) co_await run.target.remove(object.key);
        }
    } catch (std::exception const& breakage) {
        failure = breakage.what();
    }
    if (!failure.empty()) co_await write->discard();
    co_await work_.stores().uploads().finish(upload.id, holder_);
    co_return failure;
}

/// A row that is there already is of a copy that was interrupted, or of one that is under way.
Task<bool> Mover::claim(Upload const& upload) {
    auto const existing = co_await work_.stores().uploads().find(upload.id);
    if (!existing) {
        co_await work_.stores().uploads().insert(upload);
        co_return true;
    }
    bool const taken =
        co_await work_.stores().uploads().take_over(upload.id, holder_, upload.created_at, upload.lease_until);
    if (taken) co_await objects_.named(existing->store).remove_uncommitted(upload.id.to_string());
    co_return taken;
}

/// False when the object was deleted meanwhile.
Task<bool> Mover::point_to(Run& run, Object const& object) {
    auto moved = object;
    moved.store = run.target.name();
    moved.bucket = run.target.bucket();
    auto const url = run.target.public_url(object.key);
    bool found = false;
    UnitOfWork::Steps const steps = [&](Stores& stores) -> Task<Result<void>> {
        found = co_await stores.objects().relocate(object.store, moved);
        if (found) co_await stores.contents().set_storage_url(object.id, url);
        SourceFacts const facts{object.size.value(), object.sha256.value(), {}};
        if (found && !object.media_type) co_await stores.contents().set_source_facts(object.id, facts);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    done.value();
    co_return found;
}

}  // namespace clinikk
