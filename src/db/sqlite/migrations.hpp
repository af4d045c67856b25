#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/log.hpp"
#include "db/schema_version.hpp"
#include "db/sqlite/sqlite_database.hpp"

namespace clinikk::db {

/// One step of the schema. Numbers begin at 1 and have no gaps; a released step never changes.
struct SqliteMigration {
    std::int64_t version;
    std::string_view name;
    std::string_view oldest_program;  ///< the oldest version of the program that may serve the schema after this step
    std::string_view sql;             ///< any number of statements
};

/// The steps this program knows, in order: `migrations/0001_….cpp` and so on.
std::span<SqliteMigration const> sqlite_migrations();

/// Brings the file's schema up to date, creating the file where there is none. Each step is a transaction of its own;
/// several processes may do this at once, and each step is done once. A newer schema is left as it is. Throws
/// `SchemaMismatch` when that is one this program may not serve, `Unavailable` when another process keeps it locked.
void migrate_sqlite(SqliteOptions const& options, Log& log,
                    std::span<SqliteMigration const> migrations = sqlite_migrations());

/// Throws `SchemaMismatch` unless the file's schema is the program's, or a newer one that it may serve. Changes
/// nothing.
void check_sqlite_schema(SqliteOptions const& options,
                         std::span<SqliteMigration const> migrations = sqlite_migrations());

}  // namespace clinikk::db
