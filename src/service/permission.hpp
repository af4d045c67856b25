#pragma once

#include <optional>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// The caller's account as it is now. A request is authorised when its head has come, and may act much later, when its
/// body has come too: what it does is asked for here, in the transaction that does it. Fails with `not_authenticated`
/// when the account was disabled or the session revoked meanwhile, with `forbidden` when it is a viewer's by now. A
/// session that has only expired meanwhile is good: an upload may take longer than its token lasts.
Task<Result<User>> current_editor(Stores& stores, Caller const& caller);

/// Whether that user may act on what `owner_id` owns: its owner and admins may; without an owner it is the admins'.
bool may_act_for(User const& user, std::optional<Uuid> const& owner_id);

}  // namespace clinikk
