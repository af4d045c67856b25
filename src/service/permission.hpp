#pragma once

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/permission.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// Returns the account of the caller as it is now. A request is authorised when its head has arrived, and may act much
/// later, when its body has arrived too. So the transaction that acts asks again. Fails with `not_authenticated` when
/// the account was disabled or the session revoked meanwhile, and with `forbidden` when the account has become a
/// viewer. A session that has only expired meanwhile is accepted: an upload may take longer than its token is valid.
Task<Result<User>> current_editor(Repositories& repositories, Caller const& caller);

}  // namespace clinikk
