#pragma once

#include <functional>
#include <optional>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// What becomes of the contents, and who gets them.
struct ContentsPlan {
    ContentsFate fate = ContentsFate::keep;
    std::optional<Uuid> heir_id{};  ///< for `reassign`
};

/// Removes accounts. The first transaction locks the account out, cancels its resumable uploads, and notes what becomes
/// of its contents; others then take the contents, a bounded number each; the last removes the account with its
/// sessions and keys. When the process dies on the way, `resume` in any process goes on. The bytes of deleted contents
/// and of cancelled uploads are left to the collector.
class AccountRemover {
public:
    AccountRemover(UnitOfWork& work, Clock& clock, Log& log);

    /// Removes an account for an admin. Fails with `user_not_found`; with `account_has_contents` when it owns contents,
    /// or is just being handed some, and there is no plan; with `validation_failed` when the heir is no other active
    /// account; with `last_admin`; or as `require_not_own_key` and `current_admin`.
    Task<Result<void>> remove(Caller const& admin, Uuid user_id, std::optional<ContentsPlan> plan);

    /// Removes the account of the caller, whose password has been checked. Fails as `remove` does.
    Task<Result<void>> remove_own(Caller const& caller, std::optional<ContentsPlan> plan);

    /// Continues removals that another process or an earlier call has not finished.
    Task<> resume();

private:
    using Authorise = std::function<Task<Result<User>>(Repositories&)>;
    Task<Result<void>> begin(Uuid user_id, std::optional<ContentsPlan> plan, Caller const& caller, Authorise authorise);
    Task<> finish(Uuid user_id);
    /// Returns whether the account has gone.
    Task<bool> advance(Uuid user_id);

    UnitOfWork& work_;
    Clock& clock_;
    Log& log_;
};

}  // namespace clinikk
