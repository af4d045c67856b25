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

namespace clinikk {

/// What a collection removed, or with a dry run would have.
struct Collection {
    std::uint64_t uploads = 0;    ///< rows of writes whose holder is gone
    std::uint64_t temporary = 0;  ///< bytes of writes without a row
    std::uint64_t deleted = 0;    ///< objects of contents that were deleted
    std::uint64_t strays = 0;     ///< objects that no row knows
    std::uint64_t sessions = 0;   ///< expired logins
    std::uint64_t events = 0;     ///< events that every process has been told of
    std::uint64_t failures = 0;   ///< what could not be removed, and is tried again by the next collection
};

/// Removes what processes that died have left behind. Every step claims before it removes, and takes only what is
/// both expired and unlocked, so that it never touches what another process is writing. What cannot be removed is
/// reported, logged and passed over.
///
/// A write has a row in `uploads` before its first byte can be seen in a store, until the transaction that makes the
/// row of its object. So what no row of `uploads` and then no row of `objects` names is nobody's. Age says nothing: a
/// bucket may date an object at the beginning of its upload. Grace is for clocks only.
class Collector {
public:
    /// Told of each thing found: what it is, and its id or key.
    using Report = std::function<void(std::string_view what, std::string_view name)>;

    /// `grace`: how old leftovers without a row must be.
    /// `holder` names this process in the leases it takes over.
    Collector(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::chrono::seconds grace, std::string holder,
              Log& log);

    /// Everything that rows or temporary names tell of: cheap, for every minute.
    Task<Collection> collect(bool dry_run, Report report);

    /// Objects that stand in a store and that no row knows, neither as an object or a write nor in a content's address;
    /// reads all stores. Tells of what it did in `strays` and `failures`.
    Task<Collection> collect_strays(bool dry_run, Report report);

    /// Objects that a row knows and that are not in their store: lost, and only to be told of. Asks for every object.
    Task<std::uint64_t> find_missing(Report report);

private:
    struct Run;
    /// Looks at one thing; whether it was removed or, with a dry run, would be.
    using Step = std::function<Task<bool>()>;
    Task<bool> attempt(Run& run, std::string_view what, std::string name, Step const& step);
    Task<> collect_uploads(Run& run);
    Task<bool> collect_upload(Run& run, Upload const& upload);
    Task<> release_to_client(Upload const& upload);
    Task<> remove_abandoned(Upload const& upload);
    Task<> collect_temporary(Run& run, ObjectStore& store);
    Task<bool> collect_bytes(Run& run, ObjectStore& store, UncommittedBytes const& bytes);
    Task<> collect_deleted(Run& run);
    Task<bool> collect_object(Run& run, Object const& object);
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
};

}  // namespace clinikk
