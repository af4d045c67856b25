#pragma once

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// Gives an account to the person who has just proven, by a mail or a provider, to own its address. Ends its sessions,
/// API keys, open links for a new password, and resumable uploads, whose addresses are rights too. If the address was
/// not verified before, a stranger may have registered it to wait for its owner, so the second factor is removed too.
/// The address then counts as verified.
Task<> hand_over_account(Repositories& repositories, User const& user, Timestamp at);

}  // namespace clinikk
