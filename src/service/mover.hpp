#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/async/wakeup.hpp"
#include "base/log.hpp"
#include "domain/clock.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// What a move has done so far, and how much there was to do.
struct Movement {
    std::uint64_t objects = 0;  ///< copied
    std::uint64_t bytes = 0;
    std::uint64_t failures = 0;  ///< left where they are
    std::uint64_t all_objects = 0;
    std::uint64_t all_bytes = 0;
};

/// Copies objects from one store to another and makes their rows point to the copies. A row changes when its copy is
/// whole and durable and has the digest of the row (or states it, if the row had none), so that every object can be
/// read all the time. The old bytes become strays. The next call goes on with an interrupted move; the collector
/// removes half-copied bytes.
class Mover {
public:
    /// Called for each object that stays where it is, with the reason.
    using Report = std::function<void(std::string_view key, std::string_view why)>;
    using Progress = std::function<void(Movement const& so_far)>;

    /// `holder` names this process in leases.
    Mover(UnitOfWork& work, ObjectStores& objects, Clock& clock, std::string holder, Log& log);

    /// Throws Unavailable when there is no store of such a name.
    Task<Movement> copy(std::string from, std::string to, Report report, Progress progress);

private:
    struct Run;
    Task<> count(Run& run);
    Task<> copy_all(Run& run);
    Task<> copy_one(Run& run, Object object);
    Task<std::optional<std::uint64_t>> size_of(ObjectStore& store, Object const& object);
    Task<std::string> try_to_copy(Run& run, Object& object);
    Task<bool> needs_copy(Run& run, Object const& object);
    Task<bool> claim(Run& run, Upload const& upload);
    Task<> clear_place(Run& run, Object const& object);
    Task<std::string> copy_claimed(Run& run, Object& object, Upload const& upload, ByteSource& source,
                                   std::uint64_t expected);
    Task<std::string> point_to(Run& run, Object const& object, Upload const& upload);

    UnitOfWork& work_;
    ObjectStores& objects_;
    Clock& clock_;
    std::string holder_;
    Log& log_;
};

}  // namespace clinikk
