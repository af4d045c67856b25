#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/log.hpp"
#include "base/task.hpp"
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
};

/// Removes what processes that died have left behind. Every step claims before it removes, and takes only what is
/// both expired and unlocked, so that it never touches what another process is writing.
class Collector {
public:
    /// Told of each thing found: what it is, and its id or key.
    using Report = std::function<void(std::string_view what, std::string_view name)>;

    /// `grace`: how old leftovers without a row must be.
    /// `holder` names this process in the leases it takes over.
    Collector(UnitOfWork& work, ObjectStores& objects, std::chrono::seconds grace, std::string holder, Log& log);

    /// Everything that rows or temporary names tell of: cheap, for every minute.
    Task<Collection> collect(bool dry_run, Report report);

    /// Objects that stand in the store and that no row knows, neither as an object nor in a content's address; reads
    /// the whole store.
    Task<std::uint64_t> collect_strays(bool dry_run, Report report);

    /// Objects that a row knows and that are not in their store: lost, and only to be told of. Asks for every object.
    Task<std::uint64_t> find_missing(Report report);

private:
    Task<std::uint64_t> collect_uploads(bool dry_run, Report const& report);
    Task<bool> collect_upload(Upload const& upload, bool dry_run, Report const& report);
    Task<> leave_to_client(Upload const& upload);
    Task<> remove_abandoned(Upload const& upload);
    Task<std::uint64_t> collect_temporary(ObjectStore& store, bool dry_run, Report const& report);
    Task<std::uint64_t> collect_deleted(bool dry_run, Report const& report);
    Task<std::unordered_set<Uuid>> ids_in_addresses();
    Task<bool> is_missing(Object const& object, Uuid before);
    Task<std::uint64_t> collect_strays_of(ObjectStore& store, std::unordered_set<Uuid> const& linked, bool dry_run,
                                          Report const& report);

    UnitOfWork& work_;
    ObjectStores& objects_;
    std::chrono::seconds grace_;
    std::string holder_;
    Log& log_;
};

}  // namespace clinikk
