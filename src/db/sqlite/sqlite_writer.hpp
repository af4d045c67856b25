#pragma once

#include <memory>

#include "base/log.hpp"
#include "db/database.hpp"
#include "db/sqlite/sqlite_database.hpp"
#include "db/sqlite/sqlite_readers.hpp"

namespace clinikk::db {

/// The one thread that writes. Jobs that wait while it syncs are committed together with the next sync, so that the
/// number of syncs does not grow with the number of writers. A job that fails is undone alone; when the common commit
/// fails, all of its jobs fail. Thread-safe.
class SqliteWriter {
public:
    /// `readers` and `log` must outlive it.
    SqliteWriter(SqliteOptions const& options, Log& log, SqliteReaders& readers);
    SqliteWriter(SqliteWriter const&) = delete;
    SqliteWriter& operator=(SqliteWriter const&) = delete;
    /// Finishes what it was given, then checkpoints.
    ~SqliteWriter();

    /// Runs the steps on the writer's thread. Returns, on the caller's executor, after the commit or the rollback. On a
    /// full disk those that may use the reserve do.
    Task<Result<void>> run(Database::Steps const& steps, bool may_use_reserve = false);

    /// Fails with `insufficient_storage` or `unavailable` when nothing can be written now. Costs a write only when the
    /// last one failed.
    Task<Result<void>> check();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clinikk::db
