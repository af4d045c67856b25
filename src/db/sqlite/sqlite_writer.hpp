#pragma once

#include <memory>

#include "base/log.hpp"
#include "db/database.hpp"
#include "db/sqlite/sqlite_database.hpp"
#include "db/sqlite/sqlite_readers.hpp"

namespace clinikk::db {

/// The one thread that writes. Jobs that wait while it syncs are committed together with the next sync, so that the
/// number of syncs does not grow with the number of writers. A job that fails is rolled back alone; when the common
/// commit fails, all of its jobs fail. Thread-safe.
class SqliteWriter {
public:
    /// `readers` and `log` must outlive it.
    SqliteWriter(SqliteOptions const& options, Log& log, SqliteReaders& readers);
    SqliteWriter(SqliteWriter const&) = delete;
    SqliteWriter& operator=(SqliteWriter const&) = delete;
    /// Finishes its jobs, then makes a checkpoint.
    ~SqliteWriter();

    /// Runs the steps on the thread of the writer. Returns, on the executor of the caller, after the commit or the
    /// rollback. On a full disk, jobs that may use the reserve use it.
    Task<Result<void>> run(Database::Steps const& steps, bool may_use_reserve = false);

    /// Fails with `insufficient_storage` or `unavailable` when nothing can be written now. It writes only if the last
    /// write failed.
    Task<Result<void>> check();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clinikk::db
