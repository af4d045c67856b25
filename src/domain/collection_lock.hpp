#pragma once

#include <memory>
#include <string>

#include "base/async/task.hpp"

namespace clinikk {

/// The right to collect. It ends when it is released, when this object is destroyed, when the process dies, or when the
/// file or connection behind it is lost.
class CollectionClaim {
public:
    virtual ~CollectionClaim() = default;

    /// Gives up the right; other processes can claim it when this returns. A right that was already lost is not an
    /// error.
    virtual Task<> release() = 0;
};

/// Lets one process at a time collect, of all processes on one database, on whatever host. Two collectors would find
/// the same rows and the same keys; the lock saves that work.
///
/// The safety of data does not depend on the lock. When the connection behind a claim breaks, its collector goes on,
/// and a second one may begin. Neither harms the other: both claim abandoned writes and stray keys by a row before they
/// remove any bytes, and removing a deleted object twice does no harm. A collector therefore does not ask whether it
/// still has the claim.
class CollectionLock {
public:
    struct Attempt {
        std::unique_ptr<CollectionClaim> claim{};  ///< null while another process has it
        std::string holder{};                      ///< what the other process calls itself; empty when unknown
    };

    virtual ~CollectionLock() = default;

    /// Claims the right, or says at once which process has it. `holder` names this process to others, in about 40
    /// characters. Throws when the lock cannot be reached.
    virtual Task<Attempt> try_claim(std::string holder) = 0;
};

}  // namespace clinikk
