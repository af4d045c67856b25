#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/log.hpp"
#include "db/postgres/postgres_database.hpp"

namespace clinikk::db {

/// One step of the schema on PostgreSQL; versions are those of SQLite's steps. A released step never changes.
struct PostgresMigration {
    std::int64_t version;
    std::string_view name;
    std::string_view sql;  ///< any number of statements
};

std::span<PostgresMigration const> postgres_migrations();

/// Brings the schema up to date under an advisory lock, each step a transaction: of several processes started at once
/// one does it and the others wait. Throws `SchemaMismatch` when the schema is newer than the program, `Unavailable`
/// when the server cannot be reached. Blocks.
void migrate_postgres(PostgresOptions const& options, Log& log);

/// Throws `SchemaMismatch` unless the schema is exactly the program's. Changes nothing. Blocks.
void check_postgres_schema(PostgresOptions const& options);

}  // namespace clinikk::db
