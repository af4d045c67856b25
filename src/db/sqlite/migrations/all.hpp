#pragma once

#include "db/sqlite/migrations.hpp"

/// One file per step; a new one is added here and in `sqlite_migrations`.
namespace clinikk::db::migrations {

extern SqliteMigration const initial_0001;
extern SqliteMigration const adopted_and_direct_0002;

}  // namespace clinikk::db::migrations
