#include "app/open_database.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "db/postgres/await_postgres.hpp"
#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_database.hpp"

namespace clinikk::app {
namespace {

/// The part of DISK_RESERVE into which deletes are written when the disk is full.
constexpr std::uint64_t most_for_database = 16UL * 1024 * 1024;

db::SqliteOptions sqlite_options(Settings const& settings) {
    constexpr std::string_view scheme = "sqlite:";
    auto const& url = settings.database.url;
    db::SqliteOptions options;
    options.path = url.empty() ? settings.data_dir / "clinikk.db" : std::filesystem::path(url.substr(scheme.size()));
    options.read_connections = settings.server.threads;
    options.reserve = std::min(settings.storage.local.reserve, most_for_database);
    return options;
}

db::PostgresOptions postgres_options(Settings const& settings, std::size_t loops) {
    auto options = settings.database.postgres;
    options.conninfo = settings.database.url;
    options.loops = loops;
    return options;
}

}  // namespace

void make_data_dir(std::filesystem::path const& path) {
    std::error_code failure;
    if (std::filesystem::create_directories(path, failure)) {
        std::filesystem::permissions(path, std::filesystem::perms::owner_all, failure);
    }
    if (failure) throw SettingError("DATA_DIR: cannot make " + path.string() + ": " + failure.message());
    if (::access(path.c_str(), R_OK | W_OK | X_OK) == 0) return;
    auto const reason = std::generic_category().message(errno);
    throw SettingError("DATA_DIR: cannot write to " + path.string() + ": " + reason + " (give it to user " +
                       std::to_string(::geteuid()) + ", as whom this program runs, or choose another directory)");
}

void prepare_database(Settings const& settings, Log& log, db::AdoptionReport const& report) {
    make_data_dir(settings.data_dir);
    auto const& database = settings.database;
    if (database.is_postgres()) {
        db::await_postgres(database.url, database.wait, log);
        auto const options = postgres_options(settings, 0);
        return database.migrate ? db::migrate_postgres(options, log, report) : db::check_postgres_schema(options);
    }
    auto const options = sqlite_options(settings);
    return database.migrate ? db::migrate_sqlite(options, log) : db::check_sqlite_schema(options);
}

std::unique_ptr<db::Database> open_database(Settings const& settings, std::size_t loops, Log& log) {
    prepare_database(settings, log);
    if (settings.database.is_postgres()) return db::open_postgres(postgres_options(settings, loops), log);
    return db::open_sqlite(sqlite_options(settings), log);
}

}  // namespace clinikk::app
