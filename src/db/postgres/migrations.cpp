#include "db/postgres/migrations.hpp"

#include <array>
#include <string>

#include "db/postgres/migrations/all.hpp"
#include "db/postgres/postgres_connection.hpp"
#include "db/schema_mismatch.hpp"

namespace clinikk::db {
namespace {

std::int64_t read_version(PostgresConnection& connection) {
    auto const has_table =
        connection.read_number("SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_version')");
    if (has_table == 0) return 0;
    return connection.read_number("SELECT COALESCE(MAX(version), 0) FROM schema_version");
}

void refuse_newer(std::int64_t version, std::int64_t newest) {
    if (version <= newest) return;
    throw SchemaMismatch("the PostgreSQL database has schema version " + std::to_string(version) +
                         ", which is newer than this program's " + std::to_string(newest) +
                         ": start a newer version of the program");
}

/// All of it or nothing: a script is one transaction.
void apply(PostgresConnection& connection, PostgresMigration const& migration) {
    connection.run_script(
        "BEGIN;"
        "CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL PRIMARY KEY,"
        " name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());" +
        std::string(migration.sql) + "INSERT INTO schema_version (version, name) VALUES (" +
        std::to_string(migration.version) + ", '" + std::string(migration.name) + "'); COMMIT");
}

}  // namespace

std::span<PostgresMigration const> postgres_migrations() {
    static std::array const all{migrations::postgres_initial_0001, migrations::postgres_adopted_and_direct_0002};
    return all;
}

void migrate_postgres(PostgresOptions const& options, Log& log) {
    auto const migrations = postgres_migrations();
    auto const connection = PostgresConnection::connect(options.conninfo);
    // Given back when the connection ends. Waiting for another process may take long.
    connection->run_script("SET statement_timeout = 0; SELECT pg_advisory_lock(7163482090)");
    auto const version = read_version(*connection);
    refuse_newer(version, std::ssize(migrations));
    for (auto const& migration : migrations) {
        if (migration.version <= version) continue;
        apply(*connection, migration);
        log.info("schema_migrated", {{"version", migration.version}, {"name", migration.name}});
    }
}

void check_postgres_schema(PostgresOptions const& options) {
    auto const newest = std::ssize(postgres_migrations());
    auto const version = read_version(*PostgresConnection::connect(options.conninfo));
    refuse_newer(version, newest);
    if (version == newest) return;
    throw SchemaMismatch("the PostgreSQL database has schema version " + std::to_string(version) +
                         ", this program needs " + std::to_string(newest) + ": run its migrate command first");
}

}  // namespace clinikk::db
