#pragma once

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/permission.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// The caller's account as it is now. A request is authorised when its head has come, and may act much later, when its
/// body has come too: what it does is asked for here, in the transaction that does it. Fails with `not_authenticated`
/// when the account was disabled or the session revoked meanwhile, with `forbidden` when it is a viewer's by now. A
/// session that has only expired meanwhile is good: an upload may take longer than its token lasts.
Task<Result<User>> current_editor(Repositories& repositories, Caller const& caller);

}  // namespace clinikk
