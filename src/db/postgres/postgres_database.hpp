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
    /// All of a process: one that listens for events, a pipeline for each loop, and at least two exclusive ones. Of few
    /// the exclusive ones come first, then the listener (from three on), then the pipelines (from four on).
    std::size_t max_connections = 8;
    /// Of the server, that may run `serve_loop`.
    std::size_t loops = 0;
    /// Coroutines that may wait for a connection; more are refused at once.
    std::size_t max_waiting = 4096;
    /// For the wait for a connection, and for each statement. The server itself ends statements a little earlier.
    std::chrono::milliseconds deadline{5000};
};

/// A pool of exclusive connections, made when they are needed and made again after they broke, and pipelines for point
/// statements on the loops that run `serve_loop`; the schema must be there (`migrate_postgres`). While the server is
/// away every call throws `Unavailable` within the deadline. Transactions are SERIALIZABLE; one that meets another is
/// run again, so steps must bear being repeated.
///
/// `log` must outlive the result, and so must the executors of coroutines that wait for it.
std::unique_ptr<Database> open_postgres(PostgresOptions const& options, Log& log);

}  // namespace clinikk::db
