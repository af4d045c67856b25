#include "db/sqlite/migrations.hpp"

#include <sqlite3.h>

#include <array>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "db/sqlite/disk_reserve.hpp"
#include "db/sqlite/sqlite_connection.hpp"

namespace clinikk::db {
namespace {

constexpr Statement has_version_table{
    "migration_has_table", "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'"};
constexpr Statement get_version{"migration_get_version", "SELECT COALESCE(MAX(version), 0) FROM schema_version"};
constexpr Statement count_orphans{"migration_count_orphans", "SELECT COUNT(*) FROM pragma_foreign_key_check"};
constexpr Statement record_version{
    "migration_record",
    "INSERT INTO schema_version (version, name, applied_at, oldest_program) VALUES ($1, $2, $3, $4)"};
// Steps state the oldest program since the second one; before that there was one program.
constexpr Statement tells_oldest_program{
    "migration_tells_oldest", "SELECT COUNT(*) FROM pragma_table_info('schema_version') WHERE name = 'oldest_program'"};
constexpr Statement list_oldest_programs{"migration_list_oldest",
                                         "SELECT oldest_program FROM schema_version WHERE version > $1"};
constexpr Statement begin{"migration_begin", "BEGIN IMMEDIATE"};
constexpr Statement commit{"migration_commit", "COMMIT"};

constexpr char const* create_version_table =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    " version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
constexpr char const* add_oldest_program =
    "ALTER TABLE schema_version ADD COLUMN oldest_program TEXT NOT NULL DEFAULT '0.1.0'";

std::int64_t read_number(SqliteConnection& connection, Statement const& statement) {
    std::int64_t number = 0;
    OnRow const on_row = [&number](Row const& row) { number = row.integer(0); };
    connection.execute(connection.prepare(statement), {}, on_row).value();
    return number;
}

/// Returns 0 for an empty file.
std::int64_t read_version(SqliteConnection& connection) {
    if (read_number(connection, has_version_table) == 0) return 0;
    return read_number(connection, get_version);
}

std::string describe(SqliteOptions const& options) { return "the database " + options.path.string(); }

/// Returns the version. Throws if this program may not serve it.
std::int64_t read_served_version(SqliteConnection& connection, SqliteOptions const& options, std::int64_t known) {
    auto const version = read_version(connection);
    std::vector<std::string> oldest;
    if (version > known && read_number(connection, tells_oldest_program) != 0) {
        OnRow const on_row = [&oldest](Row const& row) { oldest.emplace_back(row.text(0)); };
        std::array<Value, 1> const after{known};
        connection.execute(connection.prepare(list_oldest_programs), after, on_row).value();
    }
    refuse_unless_served(describe(options), version, known, oldest);
    return version;
}

/// Runs one step, unless another process has done it meanwhile. Returns whether it ran here.
bool apply(SqliteConnection& connection, Migration const& migration) {
    connection.execute(begin);
    try {
        bool const is_due = read_version(connection) == migration.version - 1;
        if (is_due) {
            connection.run_script(create_version_table);
            if (read_number(connection, tells_oldest_program) == 0) connection.run_script(add_oldest_program);
            connection.run_script(std::string(migration.sql));
            // Foreign keys are off meanwhile, so that a step may rebuild a table under its name.
            if (read_number(connection, count_orphans) != 0) {
                throw std::runtime_error("schema step " + std::string(migration.name) + " leaves orphaned rows");
            }
            std::array<Value, 4> const row{migration.version, migration.name, now(), migration.oldest_program};
            connection.execute(connection.prepare(record_version), row, [](Row const&) {}).value();
        }
        connection.execute(commit);
        return is_due;
    } catch (...) {
        if (connection.in_transaction()) connection.run_script("ROLLBACK");
        throw;
    }
}

}  // namespace

void migrate_sqlite(SqliteOptions const& options, Log& log, std::span<Migration const> migrations) {
    DiskReserve(options.path, options.reserve).make_room();
    SqliteConnection connection(options.path, SqliteConnection::Use::create, options.busy_timeout);
    auto const version = read_served_version(connection, options, std::ssize(migrations));
    if (version >= std::ssize(migrations)) return;

    connection.run_script("PRAGMA foreign_keys=OFF");
    for (auto const& migration : migrations) {
        if (migration.version <= version || !apply(connection, migration)) continue;
        log.info("schema.migrated", {{"version", migration.version}, {"name", migration.name}});
    }
    read_served_version(connection, options, std::ssize(migrations));
}

void check_sqlite_schema(SqliteOptions const& options, std::span<Migration const> migrations) {
    std::int64_t version = 0;
    if (std::filesystem::exists(options.path)) {
        DiskReserve(options.path, options.reserve).make_room();
        SqliteConnection connection(options.path, SqliteConnection::Use::read, options.busy_timeout);
        version = read_served_version(connection, options, std::ssize(migrations));
    }
    refuse_older(describe(options), version, std::ssize(migrations));
}

}  // namespace clinikk::db
