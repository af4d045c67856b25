#pragma once

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/content.hpp"
#include "domain/permission.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// Returns the account of the caller as it is now. A request is authorised when its head has arrived, and may act much
/// later, when its body has arrived too. So the transaction that acts asks again. Fails with `not_authenticated` when
/// the account was disabled, the session revoked or the API key deleted meanwhile. A session or a key that has only
/// expired meanwhile is accepted: an upload may take longer than its credential is valid. The right to a resumable
/// upload lasts as long as the account is active.
Task<Result<User>> current_user(Repositories& repositories, Caller const& caller);

/// As `current_user`, and fails with `forbidden` when the account has become a viewer.
Task<Result<User>> current_editor(Repositories& repositories, Caller const& caller);

/// The content that `user`, as `current_editor` returned it, is about to change. Fails with `content_not_found` when
/// the user may not even see it, and with `forbidden` when the user may not change it.
Task<Result<Content>> content_to_change(Repositories& repositories, User const& user, Uuid content_id);

/// As `current_user`, and fails with `forbidden` unless the account is an admin.
Task<Result<User>> current_admin(Repositories& repositories, Caller const& caller);

/// Fails with `forbidden` when a caller with an API key would change the account that the key acts for: whoever has got
/// hold of a key must not lock out those who can withdraw it.
Result<void> require_not_own_key(Caller const& caller, Uuid user_id);

/// Ask it in the transaction that demotes, disables or removes `user`: fails with `last_admin` when no other active
/// admin would be left.
Task<Result<void>> require_other_admin(Repositories& repositories, User const& user);

}  // namespace clinikk
