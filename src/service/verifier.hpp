#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// What a verification found.
struct Verification {
    std::uint64_t objects = 0;  ///< rows looked at
    std::uint64_t bytes = 0;    ///< bytes hashed
    std::uint64_t faults = 0;   ///< objects that are missing, of another size, or of another digest
    std::uint64_t unread = 0;   ///< objects whose size and digest are unknown, as no `Backfiller` has read them
};

/// Compares every object in the store with its row by hashing its bytes again. Changes nothing.
class Verifier {
public:
    /// Told of each object that is not as its row says, and how.
    using Report = std::function<void(std::string_view key, std::string_view fault)>;
    /// Told of the progress after each object.
    using Progress = std::function<void(Verification const& so_far)>;

    Verifier(UnitOfWork& work, ObjectStores& objects);

    Task<Verification> verify(Report report, Progress progress);

private:
    Task<std::string> fault_of(Object const& object, Verification& so_far, Report const& report);
    Task<std::string> fault_of_bytes(ObjectStore& store, Object const& object, Verification& so_far);

    UnitOfWork& work_;
    ObjectStores& objects_;
};

}  // namespace clinikk
