#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/log.hpp"
#include "db/postgres/poc_adoption.hpp"
#include "db/postgres/postgres_database.hpp"

namespace clinikk::db {

/// One step of the schema on PostgreSQL; versions are those of SQLite's steps. A released step never changes.
struct PostgresMigration {
    std::int64_t version;
    std::string_view name;
    std::string_view oldest_program;  ///< the oldest version of the program that may serve the schema after this step
    std::string_view sql;             ///< any number of statements
};

std::span<PostgresMigration const> postgres_migrations();

/// Brings the schema up to date under an advisory lock, each step a transaction: of several processes started at once
/// one does it and the others wait. A database of the proof of concept is taken over (`adopt_poc`), in one transaction
/// with the steps that this needs. A newer schema is left as it is. Throws `SchemaMismatch` when that is one this
/// program may not serve, or when the tables are somebody else's; `Unavailable` when the server cannot be reached.
/// Blocks.
void migrate_postgres(PostgresOptions const& options, Log& log, AdoptionReport const& report = {},
                      std::span<PostgresMigration const> migrations = postgres_migrations());

/// Throws `SchemaMismatch` unless the schema is the program's, or a newer one that it may serve. Changes nothing.
/// Blocks.
void check_postgres_schema(PostgresOptions const& options,
                           std::span<PostgresMigration const> migrations = postgres_migrations());

}  // namespace clinikk::db
