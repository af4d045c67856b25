#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "db/database.hpp"

namespace clinikk::db {

struct PostgresOptions {
    /// What libpq takes: a `postgresql://` URL, or pairs. May have a password: never log it.
    std::string conninfo{};
    std::size_t max_connections = 8;
    /// Coroutines that may wait for a connection; more are refused at once.
    std::size_t max_waiting = 4096;
    /// For the wait for a connection, and for each statement. The server itself ends statements a little earlier.
    std::chrono::milliseconds deadline{5000};
};

/// A pool of connections that are made when they are needed, and made again after they broke; the schema must be there
/// (`migrate_postgres`). While the server is away every call throws `Unavailable` within the deadline. Transactions are
/// SERIALIZABLE; one that meets another is run again, so steps must bear being repeated.
///
/// `log` must outlive the result, and so must the executors of coroutines that wait for it.
std::unique_ptr<Database> open_postgres(PostgresOptions const& options, Log& log);

}  // namespace clinikk::db
