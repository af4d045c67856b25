#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "db/database.hpp"

namespace clinikk::db {

struct PostgresOptions {
    /// A connection string of libpq: a `postgresql://` URL, or pairs. It may contain a password, so it must not be
    /// logged.
    std::string conninfo{};
    /// The connections of a process: one that listens for events, a pipeline for each loop, and at least two exclusive
    /// ones. A small number is used for exclusive ones first, then for the listener (from three on), then for the
    /// pipelines (from four on).
    std::size_t max_connections = 8;
    /// The loops of the server that may run `serve_loop`.
    std::size_t loops = 0;
    /// The number of coroutines that may wait for a connection; more are refused at once.
    std::size_t max_waiting = 4096;
    /// The deadline for getting a connection and for each statement, and the time after which a transaction that
    /// conflicted with others is not run again. The server itself ends statements a little earlier.
    std::chrono::milliseconds deadline{5000};
};

/// A pool of exclusive connections, which are made when they are needed and again after they broke, and pipelines for
/// statements that may share a connection, on the loops that run `serve_loop`. The schema must exist
/// (`migrate_postgres`). While the server is away, every call throws `Unavailable` within the deadline. Transactions
/// are SERIALIZABLE; one that meets another is run again, so steps must be repeatable.
///
/// `log` must outlive the result, and so must the executors of the coroutines that wait for it.
std::unique_ptr<Database> open_postgres(PostgresOptions const& options, Log& log);

}  // namespace clinikk::db
