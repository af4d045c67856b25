#pragma once

#include <span>

#include "base/log.hpp"
#include "db/migration.hpp"
#include "db/schema_version.hpp"
#include "db/sqlite/sqlite_database.hpp"

namespace clinikk::db {

/// The steps that this program knows, in order.
std::span<Migration const> sqlite_migrations();

/// Brings the schema of the file up to date, and creates the file if necessary. Each step is a transaction of its own;
/// several processes may do this at once, and each step is done once. A newer schema is left as it is. Throws
/// `SchemaMismatch` when this program may not serve that schema, and `Unavailable` when another process keeps the file
/// locked.
void migrate_sqlite(SqliteOptions const& options, Log& log,
                    std::span<Migration const> migrations = sqlite_migrations());

/// Throws `SchemaMismatch` unless the schema of the file is that of the program, or a newer one that it may serve.
/// Changes nothing.
void check_sqlite_schema(SqliteOptions const& options, std::span<Migration const> migrations = sqlite_migrations());

}  // namespace clinikk::db
