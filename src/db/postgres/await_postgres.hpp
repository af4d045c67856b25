#pragma once

#include <chrono>
#include <string>

#include "base/log.hpp"

namespace clinikk::db {

/// Returns as soon as the server accepts a connection. While the server cannot be reached or is starting, it is tried
/// again for `timeout`, and the log says once what is waited for. A server that refuses (wrong password, no such
/// database) is not tried again. Throws `Unavailable` with one line that says what to do. `conninfo` is a connection
/// string of libpq. Blocks.
void await_postgres(std::string const& conninfo, std::chrono::seconds timeouts, Log& log);

}  // namespace clinikk::db
