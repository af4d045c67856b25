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
    /// The space on the disk that is held for `Database::with_reserve`, in bytes.
    std::uint64_t reserve = 0;
    /// The number of statements that can read at the same time: the number of I/O threads.
    std::size_t read_connections = 4;
};

/// Opens the file, whose schema must exist (`migrate_sqlite`).
///
/// Reads outside a transaction run at once on the calling thread and see everything that any process committed before.
/// Everything else goes to one writer thread. It puts the waiting work into one SQLite transaction with one sync, each
/// piece under a savepoint of its own. The steps of a transaction run on that thread.
///
/// `log` must outlive the result, and so must the executors of the coroutines that wait for it. The destructor waits
/// for the work that was requested.
std::unique_ptr<Database> open_sqlite(SqliteOptions const& options, Log& log);

}  // namespace clinikk::db
