#pragma once

#include <span>

#include "base/log.hpp"
#include "db/migration.hpp"
#include "db/postgres/postgres_database.hpp"
#include "db/postgres/takeover/adoption.hpp"

namespace clinikk::db {

/// The steps that this program knows, in order.
std::span<Migration const> postgres_migrations();

/// Brings the schema up to date under an advisory lock, each step in a transaction: of several processes that start at
/// once, one does it and the others wait. A database of the proof of concept is taken over (`adopt_poc`) in one
/// transaction with the steps that this needs. A newer schema is left as it is. Throws `SchemaMismatch` when this
/// program may not serve that schema, or when the tables belong to another program; throws `Unavailable` when the
/// server cannot be reached. Blocks.
void migrate_postgres(PostgresOptions const& options, Log& log, AdoptionReport const& report = {},
                      std::span<Migration const> migrations = postgres_migrations());

/// Throws `SchemaMismatch` unless the schema is that of the program, or a newer one that it may serve. Changes nothing.
/// Blocks.
void check_postgres_schema(PostgresOptions const& options,
                           std::span<Migration const> migrations = postgres_migrations());

}  // namespace clinikk::db
