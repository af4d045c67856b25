#pragma once

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "service/account_remover.hpp"

namespace clinikk::app {

/// Continues unfinished removals of accounts, at the start and then once a minute as long as the server runs.
Task<> resume_removals_every_minute(AccountRemover& remover, Log& log);

}  // namespace clinikk::app
