#pragma once

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "service/account_remover.hpp"

namespace clinikk::app {

/// At the start and then once a minute, as long as the server runs: goes on with removals of accounts that a process
/// has left undone.
Task<> resume_removals_every_minute(AccountRemover& remover, Log& log);

}  // namespace clinikk::app
