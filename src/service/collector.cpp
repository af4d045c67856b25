#include "service/collector.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

#include "domain/object_key.hpp"
#include "service/upload_lease.hpp"

namespace clinikk {
namespace {

constexpr std::size_t collection_batch = 100;
constexpr std::size_t rows_of_step = 1000;
constexpr std::size_t usual_steps = 20;

/// Removes rows in steps that leave room for other writers, and in no more of them than leave time for the rest of a
/// collection. `remove` removes at most so many rows and returns how many. Returns how many there were.
template <class Remove>
Task<std::uint64_t> remove_in_steps(Remove const& remove, std::size_t steps) {
    std::uint64_t all = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        auto const removed = co_await remove(rows_of_step);
        all += removed;
        if (removed < rows_of_step) break;
    }
    co_return all;
}
constexpr std::chrono::hours event_life{24};
/// Longer than any upload takes. An upload that began before its session expired asks for the session at its end.
constexpr std::chrono::hours expired_session_life{7 * 24};

/// Returns whether no write and no object has this key. The order matters: a write that ends between the two questions
/// has made the row of its object.
Task<bool> is_nobodys(Repositories& repositories, std::string_view store, std::string_view key) {
    bool const is_written = co_await repositories.uploads().is_writing(key, id_of_object_key(key));
    if (is_written) co_return false;
    bool const is_known = co_await repositories.objects().has_key(store, key);
    co_return !is_known;
}

/// The row under which a stray is removed. It keeps any write of this object from beginning; if this process dies, the
/// bytes are those of an abandoned upload.
Upload claim_of(ObjectStore const& store, std::string const& key, std::string const& holder, Timestamp at) {
    Upload claim;
    claim.id = id_of_object_key(key);
    claim.content_id = claim.id;
    claim.object_id = claim.id;
    claim.store = store.name();
    claim.object_key = key;
    claim.holder = holder;
    claim.created_at = at;
    claim.lease_until = claim.created_at + collector_claim_length;
    claim.expires_at = claim.lease_until;
    return claim;
}

}  // namespace

struct Collector::Run {
    bool dry_run = false;
    Report report;
    Collection done{};
};

Collector::Collector(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::chrono::seconds grace,
                     std::string holder, Log& log, std::chrono::seconds audit_retention)
    : work_(work),
      objects_(objects),
      clock_(clock),
      grace_(grace),
      holder_(std::move(holder)),
      log_(log),
      abandoned_(work, objects, clock, holder_, log),
      audit_retention_(audit_retention) {}

Task<Collection> Collector::collect(bool dry_run, Report report) {
    Run run{dry_run, std::move(report)};
    co_await collect_uploads(run);
    for (auto* const store : objects_.all()) co_await collect_temporary(run, *store);
    co_await collect_deleted(run);
    if (dry_run) co_return run.done;
    auto& sessions = work_.repositories().sessions();
    run.done.sessions = co_await sessions.remove_expired(clock_.now() - expired_session_life);
    co_await sessions.remove_expired_refresh_tokens(clock_.now());
    co_await work_.repositories().account_tokens().remove_expired(clock_.now());
    co_await work_.repositories().invites().remove_expired(clock_.now());
    co_await work_.repositories().identities().remove_expired(clock_.now());
    co_await remove_expired_throttles();
    co_await collect_idempotency_keys();
    co_await remove_ended_uploads();
    run.done.audited = co_await collect_audit();
    run.done.events = co_await work_.repositories().outbox().prune(clock_.now() - event_life);
    co_return run.done;
}

Task<> Collector::remove_expired_throttles() {
    constexpr std::size_t steps = 200;
    auto const remove = [this, at = clock_.now()](std::size_t limit) {
        return work_.repositories().throttles().remove_expired(at, limit);
    };
    co_await remove_in_steps(remove, steps);
}

/// Removes a bounded number of old events: a collection takes at most a few seconds, and the next one goes on.
Task<std::uint64_t> Collector::collect_audit() {
    // The triggers count the 90 days by the clock of the database (SQLite: whole seconds), and refuse the whole removal
    // if a row is too young for it.
    constexpr std::chrono::seconds shortest = AuditRepository::least_retention + std::chrono::minutes(1);
    auto const remove = [this, before = clock_.now() - std::max(audit_retention_, shortest)](std::size_t limit) {
        return work_.repositories().audit().remove_before(before, limit);
    };
    co_return co_await remove_in_steps(remove, usual_steps);
}

Task<> Collector::collect_idempotency_keys() {
    auto const remove = [this, before = clock_.now()](std::size_t limit) {
        return work_.repositories().idempotency().remove_expired(before, limit);
    };
    co_await remove_in_steps(remove, usual_steps);
}

/// Forgets resumable uploads that ended long ago.
Task<> Collector::remove_ended_uploads() {
    auto const remove = [this, at = clock_.now()](std::size_t limit) {
        return work_.repositories().resumable_uploads().remove_ended(at, limit);
    };
    co_await remove_in_steps(remove, usual_steps);
}

/// Runs one step. A step that fails must not keep the others from running.
Task<bool> Collector::attempt(Run& run, std::string_view what, std::string name, Step const& step) {
    std::string failure;
    try {
        co_return co_await step();
    } catch (std::exception const& breakage) {
        failure = breakage.what();
    }
    ++run.done.failures;
    log_.warning("collection.item_failed", {{"what", what}, {"name", name}, {"error", failure}});
    run.report("not removed: " + std::string(what), name);
    co_return false;
}

Task<> Collector::collect_uploads(Run& run) {
    while (true) {
        auto const abandoned = co_await work_.repositories().uploads().list_abandoned(clock_.now(), collection_batch);
        std::uint64_t count = 0;
        for (auto const& upload : abandoned) {
            Step const step = [&] { return collect_upload(run, upload); };
            bool const collected = co_await attempt(run, "upload", upload.id.to_string(), step);
            if (collected) ++count;
        }
        run.done.uploads += count;
        // Removed uploads are not listed again. Uploads that could not be removed may be.
        if (run.dry_run || abandoned.size() < collection_batch || count == 0) co_return;
    }
}

Task<bool> Collector::collect_upload(Run& run, Upload const& upload) {
    auto const fate = co_await abandoned_.fate_of(upload);
    if (fate == AbandonedUploads::Fate::returns && !run.dry_run) co_await abandoned_.give_back(upload);
    if (fate != AbandonedUploads::Fate::goes) co_return false;
    run.report("upload", upload.id.to_string());
    if (!run.dry_run) co_await abandoned_.remove(upload);
    co_return true;
}

Task<> Collector::collect_temporary(Run& run, ObjectStore& store) {
    std::vector<UncommittedBytes> uncommitted;
    Step const list = [&]() -> Task<bool> {
        uncommitted = co_await store.list_uncommitted();
        co_return true;
    };
    co_await attempt(run, "temporary files of", std::string(store.name()), list);
    for (auto const& bytes : uncommitted) {
        Step const step = [&] { return collect_bytes(run, store, bytes); };
        bool const collected = co_await attempt(run, "temporary file", bytes.write_id, step);
        if (collected) ++run.done.temporary;
    }
}

Task<bool> Collector::collect_bytes(Run& run, ObjectStore& store, UncommittedBytes const& bytes) {
    auto const id = Uuid::from_string(bytes.write_id);
    if (!id || bytes.age < grace_) co_return false;
    auto const upload = co_await work_.repositories().uploads().find(*id);
    if (upload) co_return false;
    if (co_await store.is_being_written(bytes.write_id)) co_return false;
    if (!run.dry_run) co_await store.remove_uncommitted(bytes.write_id);
    run.report("temporary file", bytes.write_id);
    co_return true;
}

/// An object that is `deleting` stays so until it is removed, and no write of it begins again.
Task<> Collector::collect_deleted(Run& run) {
    Uuid after;
    while (true) {
        auto const objects =
            co_await work_.repositories().objects().list(ObjectState::deleting, after, collection_batch);
        for (auto const& object : objects) {
            after = object.id;
            Step const step = [&] { return collect_object(run, object); };
            bool const collected = co_await attempt(run, "deleted object", object.key, step);
            if (collected) ++run.done.deleted;
        }
        if (objects.size() < collection_batch) co_return;
    }
}

Task<bool> Collector::collect_object(Run& run, Object const& object) {
    // The object stays while the settings name another bucket than its own.
    auto* const store = objects_.find(object.store, object.bucket);
    if (store == nullptr) co_return false;
    if (!run.dry_run) {
        co_await store->remove(object.key);
        co_await work_.repositories().objects().remove(object.id);
    }
    run.report("deleted object", object.key);
    co_return true;
}

Task<std::uint64_t> Collector::find_missing(Report report) {
    Run run{true, std::move(report)};
    std::uint64_t count = 0;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.repositories().objects().list(ObjectState::stored, after, collection_batch);
        for (auto const& object : objects) {
            after = object.id;
            Step const step = [&] { return is_missing(object); };
            bool const missing = co_await attempt(run, "object", object.key, step);
            if (!missing) continue;
            run.report("missing object", object.key);
            ++count;
        }
        if (objects.size() < collection_batch) co_return count;
    }
}

/// Looks for an object that a row knows. A store that is not configured cannot be asked, so its objects are not
/// reported.
Task<bool> Collector::is_missing(Object const& object) {
    auto* const store = objects_.find(object.store, object.bucket);
    if (store == nullptr) co_return false;
    auto const stat = co_await store->stat(object.key);
    if (stat) co_return false;
    // The object may have been deleted or moved meanwhile.
    auto const again = co_await work_.repositories().objects().find(object.id);
    co_return again && again->state == ObjectState::stored && again->store == object.store;
}

Task<Collection> Collector::collect_strays(bool dry_run, Report report) {
    Run run{dry_run, std::move(report)};
    auto const linked = co_await ids_in_addresses();
    for (auto* const store : objects_.all()) {
        Step const step = [&]() -> Task<bool> {
            co_await collect_strays_of(run, *store, linked);
            co_return true;
        };
        co_await attempt(run, "objects of", std::string(store->name()), step);
    }
    co_return run.done;
}

/// The ids in the addresses of contents without an object. The address, in whatever form, may lead to an object in one
/// of our stores.
Task<std::unordered_set<Uuid>> Collector::ids_in_addresses() {
    constexpr std::size_t id_length = 36;
    std::unordered_set<Uuid> ids;
    Uuid after;
    while (true) {
        auto const contents = co_await work_.repositories().contents().list_linked(after, collection_batch);
        for (auto const& content : contents) {
            after = content.id;
            auto const address = std::string_view(content.storage_url);
            for (std::size_t at = 0; at + id_length <= address.size(); ++at) {
                if (auto const id = Uuid::from_string(address.substr(at, id_length))) ids.insert(*id);
            }
        }
        if (contents.size() < collection_batch) co_return ids;
    }
}

Task<> Collector::collect_strays_of(Run& run, ObjectStore& store, std::unordered_set<Uuid> const& linked) {
    std::string after;
    while (true) {
        auto const keys = co_await store.list("", after, collection_batch);
        for (auto const& key : keys) {
            after = key;
            if (linked.contains(id_of_object_key(key))) continue;
            Step const step = [&] { return collect_stray(run, store, key); };
            bool const collected = co_await attempt(run, "stray object", key, step);
            if (collected) ++run.done.strays;
        }
        if (keys.size() < collection_batch) co_return;
    }
}

/// Removes one stray. The first question saves time: nearly every key belongs to an object.
Task<bool> Collector::collect_stray(Run& run, ObjectStore& store, std::string const& key) {
    bool const is_known = co_await work_.repositories().objects().has_key(store.name(), key);
    if (is_known) co_return false;
    bool const looks_stray = co_await is_nobodys(work_.repositories(), store.name(), key);
    if (!looks_stray) co_return false;
    auto const stat = co_await store.stat(key);
    if (!stat || clock_.now() - stat->modified_at < grace_) co_return false;
    auto const row = claim_of(store, key, holder_, clock_.now());
    if (!run.dry_run) {
        bool const claimed = co_await claim(row);
        if (!claimed) co_return false;
    }
    if (!run.dry_run) co_await remove_claimed(store, row);
    run.report("stray object", key);
    co_return true;
}

/// Removes the bytes under the claim, which is renewed while a slow bucket is asked: if another copy took the claim
/// over, the late removal could destroy its bytes. The claim ends in any case: nobody uses the key, and the next
/// collection finds what could not be removed.
Task<> Collector::remove_claimed(ObjectStore& store, Upload const& claim) {
    UploadLease const lease(co_await boost::asio::this_coro::executor, clock_, work_.repositories().uploads(), claim,
                            log_);
    std::exception_ptr breakage;
    try {
        co_await store.remove(claim.object_key);
    } catch (...) {
        breakage = std::current_exception();
    }
    co_await work_.repositories().uploads().finish(claim.id, holder_);
    if (breakage) std::rethrow_exception(breakage);
}

/// Makes the row of the claim, unless a write or an object has the key after all.
Task<bool> Collector::claim(Upload const& claim) {
    bool is_ours = false;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        is_ours = co_await is_nobodys(repositories, claim.store, claim.object_key);
        if (is_ours) co_await repositories.uploads().insert(claim);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    co_return done.has_value() && is_ours;
}

}  // namespace clinikk
