#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "app/settings.hpp"
#include "base/log.hpp"
#include "db/database.hpp"
#include "db/postgres/migrations.hpp"

namespace clinikk::app {

/// Makes the directory, unless it is there, for its owner only: it holds passwords' hashes and a secret. Throws
/// SettingError, also when it cannot be written to.
void make_data_dir(std::filesystem::path const& path);

/// Waits for the database, and brings its schema up to date, or with `migrate` off checks that it is. What there is to
/// know about rows that were taken over from the proof of concept is logged and told to `report`.
void prepare_database(Settings const& settings, Log& log, db::AdoptionReport const& report = {});

/// The database that the settings name, with its schema up to date. `loops`: of the server; a command has none.
std::unique_ptr<db::Database> open_database(Settings const& settings, std::size_t loops, Log& log);

}  // namespace clinikk::app
