#pragma once

#include <chrono>
#include <string>

#include "base/log.hpp"

namespace clinikk::db {

/// Returns as soon as the server takes a connection. While it is not there, or still starting, it is tried again for
/// `patience`, and the log says once what is waited for. A server that refuses (a wrong password, no such database) is
/// not tried again. Throws `Unavailable` with one line that says what to do. `conninfo` is libpq's. Blocks.
void await_postgres(std::string const& conninfo, std::chrono::seconds timeouts, Log& log);

}  // namespace clinikk::db
