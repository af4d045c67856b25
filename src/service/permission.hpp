#pragma once

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/permission.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// Returns the account of the caller as it is now. A request is authorised when its head has arrived, and may act much
/// later, when its body has arrived too. So the transaction that acts asks again. Fails with `not_authenticated` when
/// the account was disabled, the session revoked or the API key deleted meanwhile. A session or a key that has only
/// expired meanwhile is accepted: an upload may take longer than its credential is valid.
Task<Result<User>> current_user(Repositories& repositories, Caller const& caller);

/// As `current_user`, and fails with `forbidden` when the account has become a viewer.
Task<Result<User>> current_editor(Repositories& repositories, Caller const& caller);

/// As `current_user`, and fails with `forbidden` unless the account is an admin.
Task<Result<User>> current_admin(Repositories& repositories, Caller const& caller);

/// Ask it in the transaction that demotes, disables or removes `user`: fails with `last_admin` when no other active
/// admin would be left.
Task<Result<void>> require_other_admin(Repositories& repositories, User const& user);

}  // namespace clinikk
