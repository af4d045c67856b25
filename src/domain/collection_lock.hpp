#pragma once

#include <memory>
#include <string>

#include "base/async/task.hpp"

namespace clinikk {

/// The right to collect. It ends at the latest when this is destroyed, when the process dies, or when what holds it is
/// lost: a file, a connection.
class CollectionClaim {
public:
    virtual ~CollectionClaim() = default;

    /// Gives the right up; when this returns, others can have it. It is no error when the right was lost before.
    virtual Task<> release() = 0;
};

/// Of the processes on one database, wherever they run, one collects at a time. The others would find the same rows and
/// the same keys: the lock saves them the work.
///
/// No byte depends on it. A connection that breaks ends the claim of a collector that goes on, and a second one may
/// begin beside it. Both take the same things only: a write that was abandoned and a key that no row knows are claimed
/// by a row before their bytes go, and what is deleted or was never finished is nobody's any more and may be removed
/// twice. So whoever collects need not ask on the way whether the claim still holds.
class CollectionLock {
public:
    struct Attempt {
        std::unique_ptr<CollectionClaim> claim{};  ///< null while another process has it
        std::string holder{};  ///< who that is, as it said itself; empty when it is not known any more
    };

    virtual ~CollectionLock() = default;

    /// Takes the right or tells at once who has it. `holder` names this process to others, in 40 characters or so.
    /// Throws when the lock cannot be reached.
    virtual Task<Attempt> try_claim(std::string holder) = 0;
};

}  // namespace clinikk
