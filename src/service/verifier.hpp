#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "domain/object_stores.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// The findings of a verification.
struct Verification {
    std::uint64_t objects = 0;  ///< rows examined
    std::uint64_t bytes = 0;    ///< bytes hashed
    std::uint64_t faults = 0;   ///< objects that are missing, of another size, or of another digest
    std::uint64_t unread = 0;   ///< objects whose size and digest are unknown because no `Backfiller` has read them
};

/// Hashes the bytes of every object in the store again and compares the result with its row. Changes nothing.
class Verifier {
public:
    /// Called for each object that does not agree with its row, with the difference.
    using Report = std::function<void(std::string_view key, std::string_view fault)>;
    /// Called after each object.
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
