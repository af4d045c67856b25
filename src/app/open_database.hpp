#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "app/settings.hpp"
#include "base/log.hpp"
#include "db/database.hpp"
#include "db/postgres/migrations.hpp"

namespace clinikk::app {

/// Makes the directory, unless it exists, for its owner only: it holds password hashes and a secret. Throws
/// SettingError, also when it cannot be written to.
void make_data_dir(std::filesystem::path const& path);

/// Waits for the database and brings its schema up to date; with `migrate` off it only checks the version. Findings
/// about rows that were taken over from the proof of concept are logged and passed to `report`.
void prepare_database(Settings const& settings, Log& log, db::AdoptionReport const& report = {});

/// Opens the database that the settings name, with its schema up to date. `loops`: those of the server; a command has
/// none.
std::unique_ptr<db::Database> open_database(Settings const& settings, std::size_t loops, Log& log);

}  // namespace clinikk::app
