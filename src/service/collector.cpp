#include "service/collector.hpp"

#include "domain/object_key.hpp"

namespace clinikk {
namespace {

constexpr std::size_t batch = 100;
constexpr std::chrono::hours event_life{24};
/// Longer than any upload takes that began before its session expired: at its end the session is asked for once more.
constexpr std::chrono::hours expired_session_life{7 * 24};
/// Time to remove what one upload left behind; whoever fails at it, or dies, leaves it to the next collection.
constexpr std::chrono::seconds claim_length{60};

bool awaits_its_client(Upload const& upload) {
    return upload.method == UploadMethod::direct && upload.expires_at > now();
}

}  // namespace

Collector::Collector(UnitOfWork& work, ObjectStores& objects, std::chrono::seconds grace, std::string holder, Log& log)
    : work_(work), objects_(objects), grace_(grace), holder_(std::move(holder)), log_(log) {}

Task<Collection> Collector::collect(bool dry_run, Report report) {
    Collection collection;
    collection.uploads = co_await collect_uploads(dry_run, report);
    for (auto* const store : objects_.all()) {
        collection.temporary += co_await collect_temporary(*store, dry_run, report);
    }
    collection.deleted = co_await collect_deleted(dry_run, report);
    if (dry_run) co_return collection;
    collection.sessions = co_await work_.stores().sessions().remove_expired(now() - expired_session_life);
    collection.events = co_await work_.stores().outbox().prune(now() - event_life);
    co_return collection;
}

/// Taking the row over comes first: it is the claim. A holder that is alive after all finds that it has lost its lease
/// and stops. The row itself goes last: it tells of bytes that could not be removed now.
Task<std::uint64_t> Collector::collect_uploads(bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    while (true) {
        auto const abandoned = co_await work_.stores().uploads().list_abandoned(now(), batch);
        auto const before = count;
        for (auto const& upload : abandoned) {
            if (co_await collect_upload(upload, dry_run, report)) ++count;
        }
        // What was removed is not listed again; what could not be may be.
        if (dry_run || abandoned.size() < batch || count == before) co_return count;
    }
}

Task<bool> Collector::collect_upload(Upload const& upload, bool dry_run, Report const& report) {
    auto const id = upload.id.to_string();
    if (awaits_its_client(upload)) {
        if (!dry_run) co_await leave_to_client(upload);
        co_return false;
    }
    if (co_await objects_.named(upload.store).is_being_written(id)) co_return false;
    report("upload", id);
    if (dry_run) co_return true;
    bool const claimed = co_await work_.stores().uploads().take_over(upload.id, holder_, now(), now() + claim_length);
    if (claimed) co_await remove_abandoned(upload);
    co_return true;
}

/// Who was completing it has died; its client may do it again.
Task<> Collector::leave_to_client(Upload const& upload) {
    bool const claimed = co_await work_.stores().uploads().take_over(upload.id, holder_, now(), now() + claim_length);
    auto const current = co_await work_.stores().uploads().find(upload.id);
    if (claimed && current) co_await work_.stores().uploads().hand_over(*current, holder_);
}

/// Before all its bytes were there it may have been begun under another key: all of them have the object's id.
Task<> Collector::remove_abandoned(Upload const& upload) {
    auto& store = objects_.named(upload.store);
    co_await store.remove_uncommitted(upload.id.to_string());
    for (auto const& folder : object_folders) {
        auto const keys = co_await store.list(std::string(folder) + upload.object_id.to_string() + '.', "", batch);
        for (auto const& key : keys) {
            bool const in_use = co_await work_.stores().objects().has_key(upload.store, key);
            if (!in_use) co_await store.remove(key);
        }
    }
    co_await work_.stores().uploads().finish(upload.id, holder_);
}

Task<std::uint64_t> Collector::collect_temporary(ObjectStore& store, bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    auto const uncommitted = co_await store.list_uncommitted();
    for (auto const& bytes : uncommitted) {
        auto const id = Uuid::from_string(bytes.write_id);
        if (!id || bytes.age < grace_) continue;
        auto const upload = co_await work_.stores().uploads().find(*id);
        if (upload) continue;
        if (co_await store.is_being_written(bytes.write_id)) continue;
        report("temporary file", bytes.write_id);
        ++count;
        if (!dry_run) co_await store.remove_uncommitted(bytes.write_id);
    }
    co_return count;
}

Task<std::uint64_t> Collector::collect_deleted(bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.stores().objects().list(ObjectState::deleting, after, batch);
        for (auto const& object : objects) {
            after = object.id;
            // Where the settings name another bucket, that of the object has to wait.
            auto* const store = objects_.find(object.store, object.bucket);
            if (store == nullptr) continue;
            report("deleted object", object.key);
            ++count;
            if (dry_run) continue;
            co_await store->remove(object.key);
            co_await work_.stores().objects().remove(object.id);
        }
        if (objects.size() < batch) co_return count;
    }
}

Task<std::uint64_t> Collector::find_missing(Report report) {
    std::uint64_t count = 0;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.stores().objects().list(ObjectState::stored, after, batch);
        for (auto const& object : objects) {
            if (co_await is_missing(object, after)) {
                report("missing object", object.key);
                ++count;
            }
            after = object.id;
        }
        if (objects.size() < batch) co_return count;
    }
}

/// What a store that is not configured has, nobody knows. `before` is the id of the row before.
Task<bool> Collector::is_missing(Object const& object, Uuid before) {
    auto* const store = objects_.find(object.store, object.bucket);
    if (store == nullptr) co_return false;
    auto const stat = co_await store->stat(object.key);
    if (stat) co_return false;
    // It may have been deleted or moved meanwhile.
    auto const again = co_await work_.stores().objects().list(ObjectState::stored, before, 1);
    co_return !again.empty() && again.front().id == object.id && again.front().store == object.store;
}

Task<std::uint64_t> Collector::collect_strays(bool dry_run, Report report) {
    std::uint64_t count = 0;
    auto const linked = co_await ids_in_addresses();
    for (auto* const store : objects_.all()) count += co_await collect_strays_of(*store, linked, dry_run, report);
    co_return count;
}

/// The ids in the addresses of contents that have no object: the address, in whatever form, may lead to what stands in
/// a store of ours.
Task<std::unordered_set<Uuid>> Collector::ids_in_addresses() {
    constexpr std::size_t id_length = 36;
    std::unordered_set<Uuid> ids;
    Uuid after;
    while (true) {
        auto const contents = co_await work_.stores().contents().list_linked(after, batch);
        for (auto const& content : contents) {
            after = content.id;
            auto const address = std::string_view(content.storage_url);
            for (std::size_t at = 0; at + id_length <= address.size(); ++at) {
                if (auto const id = Uuid::from_string(address.substr(at, id_length))) ids.insert(*id);
            }
        }
        if (contents.size() < batch) co_return ids;
    }
}

Task<std::uint64_t> Collector::collect_strays_of(ObjectStore& store, std::unordered_set<Uuid> const& linked,
                                                 bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    std::string after;
    while (true) {
        auto const keys = co_await store.list("", after, batch);
        for (auto const& key : keys) {
            after = key;
            bool const known = co_await work_.stores().objects().has_key(store.name(), key);
            if (known || linked.contains(id_of_object_key(key))) continue;
            // Young ones may be about to get their row.
            auto const stat = co_await store.stat(key);
            if (!stat || now() - stat->modified_at < grace_) continue;
            report("stray object", key);
            ++count;
            if (!dry_run) co_await store.remove(key);
        }
        if (keys.size() < batch) co_return count;
    }
}

}  // namespace clinikk
