#pragma once

#include "db/postgres/migrations.hpp"

/// One file per step; a new one is added here and in `postgres_migrations`.
namespace clinikk::db::migrations {

extern PostgresMigration const postgres_initial_0001;
extern PostgresMigration const postgres_adopted_and_direct_0002;

}  // namespace clinikk::db::migrations
