#pragma once

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// Leaves an account to whoever has just proven, by a mail or a provider, that its address is theirs: sessions, API
/// keys and open links for a new password end. An address that nobody had proven before may have been registered by
/// somebody who waits for its owner, with a second factor of his own: that goes too. The address counts as verified.
Task<> hand_over_account(Repositories& repositories, User const& user, Timestamp at);

}  // namespace clinikk
