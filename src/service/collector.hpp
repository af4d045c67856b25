#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"
#include "service/abandoned_uploads.hpp"

namespace clinikk {

/// What a collection removed or, with a dry run, would have removed.
struct Collection {
    std::uint64_t uploads = 0;    ///< writes whose holder has ended
    std::uint64_t temporary = 0;  ///< temporary bytes of writes without a row
    std::uint64_t deleted = 0;    ///< objects of deleted contents
    std::uint64_t strays = 0;     ///< objects without a row
    std::uint64_t sessions = 0;   ///< expired sessions
    std::uint64_t audited = 0;    ///< events of the audit log past their retention
    std::uint64_t events = 0;     ///< events that every process has received
    std::uint64_t failures = 0;   ///< what could not be removed; the next collection tries again
};

/// Removes what dead processes have left behind. Every step claims before it removes, and takes only what is both
/// expired and unlocked, so it never touches a write of another process. What cannot be removed is reported, logged and
/// skipped.
///
/// A write has a row in `uploads` before its first byte can be seen in a store, until the transaction that makes the
/// row of its object. So a key that is first in no row of `uploads` and then in no row of `objects` belongs to nobody.
/// The age of the bytes proves nothing, because a bucket may date an object at the beginning of its upload; the grace
/// period only covers differences between clocks.
class Collector {
public:
    static constexpr std::chrono::days usual_audit_retention{400};

    /// Called for each thing that was found, with what it is and its id or key.
    using Report = std::function<void(std::string_view what, std::string_view name)>;

    /// `grace`: the least age of leftovers without a row. `holder` names this process in the leases that it takes over.
    /// `audit_retention`: the age at which events of the audit log are removed, at least
    /// `AuditRepository::least_retention`.
    Collector(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::chrono::seconds grace, std::string holder,
              Log& log, std::chrono::seconds audit_retention = usual_audit_retention);

    /// Removes what rows and temporary names point to. It is cheap enough for once a minute.
    Task<Collection> collect(bool dry_run, Report report);

    /// Removes the strays: objects in a store that no row knows as an object or a write and that no address of a
    /// content contains. It reads all stores. Its results are in `strays` and `failures`.
    Task<Collection> collect_strays(bool dry_run, Report report);

    /// Reports the objects that a row knows and that their store does not have. They are lost. It asks the store for
    /// every object.
    Task<std::uint64_t> find_missing(Report report);

private:
    struct Run;
    /// Looks at one thing. Returns whether it was removed or, with a dry run, would be.
    using Step = std::function<Task<bool>()>;
    Task<bool> attempt(Run& run, std::string_view what, std::string name, Step const& step);
    Task<> collect_uploads(Run& run);
    Task<bool> collect_upload(Run& run, Upload const& upload);
    Task<> collect_temporary(Run& run, ObjectStore& store);
    Task<bool> collect_bytes(Run& run, ObjectStore& store, UncommittedBytes const& bytes);
    Task<> remove_expired_throttles();
    Task<> remove_ended_uploads();
    Task<> collect_deleted(Run& run);
    Task<bool> collect_object(Run& run, Object const& object);
    Task<> collect_idempotency_keys();
    Task<std::uint64_t> collect_audit();
    Task<std::unordered_set<Uuid>> ids_in_addresses();
    Task<bool> is_missing(Object const& object);
    Task<> collect_strays_of(Run& run, ObjectStore& store, std::unordered_set<Uuid> const& linked);
    Task<bool> collect_stray(Run& run, ObjectStore& store, std::string const& key);
    Task<bool> claim(Upload const& claim);
    Task<> remove_claimed(ObjectStore& store, Upload const& claim);

    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    std::chrono::seconds grace_;
    std::string holder_;
    Log& log_;
    AbandonedUploads abandoned_;
    std::chrono::seconds audit_retention_;
};

}  // namespace clinikk
