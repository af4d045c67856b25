#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/log.hpp"
#include "db/database.hpp"

namespace clinikk::db {

struct SqliteOptions {
    std::filesystem::path path;
    /// How long to wait for another process that writes, before `Unavailable`.
    std::chrono::milliseconds busy_timeout{5000};
    /// Bytes of the disk that are held for `Database::with_reserve`.
    std::uint64_t reserve = 0;
    /// Statements that can read at the same time; as many as there are I/O threads.
    std::size_t read_connections = 4;
};

/// Opens the file, whose schema must be there already (`migrate_sqlite`).
///
/// Reads outside a transaction run at once on the calling thread and see all that any process committed before.
/// Everything else goes to one writer thread, which puts what is waiting into one SQLite transaction with one sync,
/// each piece under a savepoint of its own. Steps of a transaction run on that thread.
///
/// `log` must outlive the result, and so must the executors of coroutines that wait for it. Its end waits for what was
/// asked for.
std::unique_ptr<Database> open_sqlite(SqliteOptions const& options, Log& log);

}  // namespace clinikk::db
