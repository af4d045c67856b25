#include "service/collector.hpp"

namespace clinikk {
namespace {

constexpr std::size_t batch = 100;
constexpr std::chrono::hours event_life{24};

}  // namespace

Collector::Collector(UnitOfWork& work, ObjectStore& objects, std::chrono::seconds grace, Log& log)
    : work_(work), objects_(objects), grace_(grace), log_(log) {}

Task<Collection> Collector::collect(bool dry_run, Report report) {
    Collection collection;
    collection.uploads = co_await collect_uploads(dry_run, report);
    collection.temporary = co_await collect_temporary(dry_run, report);
    collection.deleted = co_await collect_deleted(dry_run, report);
    if (dry_run) co_return collection;
    collection.sessions = co_await work_.stores().sessions().remove_expired(now());
    collection.events = co_await work_.stores().outbox().prune(now() - event_life);
    co_return collection;
}

/// Removing the row comes first: it is the claim. A holder that is alive after all finds its row gone and stops.
Task<std::uint64_t> Collector::collect_uploads(bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    auto const abandoned = co_await work_.stores().uploads().list_abandoned(now(), batch);
    for (auto const& upload : abandoned) {
        auto const id = upload.id.to_string();
        if (co_await objects_.is_being_written(id)) continue;
        report("upload", id);
        ++count;
        if (dry_run) continue;
        bool const claimed = co_await work_.stores().uploads().remove(upload.id);
        if (!claimed) continue;
        co_await objects_.remove_uncommitted(id);
        if (upload.object_key.empty()) continue;
        bool const in_use = co_await work_.stores().objects().has_key(upload.store, upload.object_key);
        if (!in_use) co_await objects_.remove(upload.object_key);
    }
    co_return count;
}

Task<std::uint64_t> Collector::collect_temporary(bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    auto const uncommitted = co_await objects_.list_uncommitted();
    for (auto const& bytes : uncommitted) {
        auto const id = Uuid::from_string(bytes.write_id);
        if (!id || bytes.age < grace_) continue;
        auto const upload = co_await work_.stores().uploads().find(*id);
        if (upload) continue;
        if (co_await objects_.is_being_written(bytes.write_id)) continue;
        report("temporary file", bytes.write_id);
        ++count;
        if (!dry_run) co_await objects_.remove_uncommitted(bytes.write_id);
    }
    co_return count;
}

Task<std::uint64_t> Collector::collect_deleted(bool dry_run, Report const& report) {
    std::uint64_t count = 0;
    Uuid after;
    while (true) {
        auto const objects = co_await work_.stores().objects().list(ObjectState::deleting, after, batch);
        for (auto const& object : objects) {
            report("deleted object", object.key);
            ++count;
            after = object.id;
            if (dry_run) continue;
            co_await objects_.remove(object.key);
            co_await work_.stores().objects().remove(object.id);
        }
        if (objects.size() < batch) co_return count;
    }
}

Task<std::uint64_t> Collector::collect_strays(bool dry_run, Report report) {
    std::uint64_t count = 0;
    std::string after;
    while (true) {
        auto const keys = co_await objects_.list("", after, batch);
        for (auto const& key : keys) {
            after = key;
            bool const known = co_await work_.stores().objects().has_key(objects_.name(), key);
            if (known) continue;
            // Young ones may be about to get their row.
            auto const stat = co_await objects_.stat(key);
            if (!stat || now() - stat->modified_at < grace_) continue;
            report("stray object", key);
            ++count;
            if (!dry_run) co_await objects_.remove(key);
        }
        if (keys.size() < batch) co_return count;
    }
}

}  // namespace clinikk
