#include "db/postgres/migrations.hpp"

#include <string>
#include <vector>

#include "db/postgres/blocking_connection.hpp"
#include "db/schema_version.hpp"

namespace clinikk::db {
namespace {

constexpr std::string_view database = "the PostgreSQL database";

/// The last step before the rows of the proof of concept are taken over; later steps treat them like any others.
constexpr std::int64_t adopting_step = 2;

std::int64_t read_version(BlockingConnection& connection) {
    auto const has_table =
        connection.read_number("SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_version')");
    if (has_table == 0) return 0;
    return connection.read_number("SELECT COALESCE(MAX(version), 0) FROM schema_version");
}

/// Returns the version. Throws if this program may not serve it.
std::int64_t read_served_version(BlockingConnection& connection, std::int64_t known) {
    auto const version = read_version(connection);
    std::vector<std::string> oldest;
    // Steps state the oldest program since the second one.
    bool const tells = connection.read_number(
                           "SELECT COUNT(*) FROM pg_attribute WHERE attrelid = to_regclass('schema_version')"
                           " AND attname = 'oldest_program' AND NOT attisdropped") != 0;
    if (version > known && tells) {
        connection.read_rows("SELECT oldest_program FROM schema_version WHERE version > " + std::to_string(known),
                             [&oldest](BlockingConnection::Texts row) { oldest.emplace_back(row[0].value_or("")); });
    }
    refuse_unless_served(database, version, known, oldest);
    return version;
}

/// Runs one step in the open transaction.
void apply(BlockingConnection& connection, Migration const& migration) {
    connection.run_script(
        "CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL PRIMARY KEY,"
        " name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
        "ALTER TABLE schema_version ADD COLUMN IF NOT EXISTS oldest_program text NOT NULL DEFAULT '0.1.0';" +
        std::string(migration.sql) + "INSERT INTO schema_version (version, name, oldest_program) VALUES (" +
        std::to_string(migration.version) + ", '" + std::string(migration.name) + "', '" +
        std::string(migration.oldest_program) + "')");
}

void log_step(Log& log, Migration const& migration) {
    log.info("schema.migrated", {{"version", migration.version}, {"name", migration.name}});
}

/// Runs all of it or nothing. If this throws, the connection is not used again, and closing it rolls back.
void adopt(BlockingConnection& connection, std::span<Migration const> migrations, Log& log,
           AdoptionReport const& report) {
    connection.run_script("BEGIN");
    set_poc_tables_aside(connection);
    for (auto const& migration : migrations) apply(connection, migration);
    auto const findings = adopt_poc(connection);
    connection.run_script("COMMIT");
    for (auto const& migration : migrations) log_step(log, migration);
    findings.tell(log, report);
}

}  // namespace

void migrate_postgres(PostgresOptions const& options, Log& log, AdoptionReport const& report,
                      std::span<Migration const> migrations) {
    BlockingConnection connection(options.conninfo);
    // The end of the connection releases the lock. Waiting for another process may take long.
    connection.run_script("SELECT pg_advisory_lock(7163482090)");
    auto version = read_served_version(connection, std::ssize(migrations));
    if (version == 0 && has_poc_tables(connection)) {
        adopt(connection, migrations.first(adopting_step), log, report);
        version = adopting_step;
    }
    for (auto const& migration : migrations) {
        if (migration.version <= version) continue;
        connection.run_script("BEGIN");
        apply(connection, migration);
        connection.run_script("COMMIT");
        log_step(log, migration);
    }
}

void check_postgres_schema(PostgresOptions const& options, std::span<Migration const> migrations) {
    BlockingConnection connection(options.conninfo);
    refuse_older(database, read_served_version(connection, std::ssize(migrations)), std::ssize(migrations));
}

}  // namespace clinikk::db
