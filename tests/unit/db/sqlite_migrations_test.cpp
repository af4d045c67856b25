#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_connection.hpp"
#include "db/sqlite/sqlite_error.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::db {
namespace {

class SqliteMigrations : public ::testing::Test {
protected:
    void migrate(std::span<Migration const> migrations) { migrate_sqlite(options_, log_, migrations); }

    std::int64_t number(std::string_view sql) {
        SqliteConnection connection(options_.path, SqliteConnection::Use::write, options_.busy_timeout);
        std::int64_t found = -1;
        OnRow const on_row = [&found](Row const& row) { found = row.integer(0); };
        connection.execute(connection.prepare({"test", sql}), {}, on_row).value();
        return found;
    }

    std::string refusal(auto const& attempt) {
        try {
            attempt();
        } catch (SchemaMismatch const& mismatch) {
            return mismatch.what();
        }
        return "";
    }

    testing::TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    SqliteOptions options_{.path = directory_.path() / "test.db"};
};

constexpr Migration make_a{1, "make_a", "0.1.0", "CREATE TABLE a (x INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);"};
constexpr Migration make_b{2, "make_b", "0.1.0", "CREATE TABLE b (x INTEGER REFERENCES a); INSERT INTO b VALUES (7);"};
constexpr Migration broken{3, "broken", "0.1.0", "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1);"};
constexpr Migration orphans{3, "orphans", "0.1.0", "DELETE FROM a;"};
constexpr Migration rebuild{3, "rebuild", "0.1.0",
                            "CREATE TABLE new_a (x INTEGER PRIMARY KEY, y INTEGER);"
                            "INSERT INTO new_a SELECT x, x + 1 FROM a; DROP TABLE a;"
                            "ALTER TABLE new_a RENAME TO a;"};
constexpr Migration count{1, "count", "0.1.0", "CREATE TABLE a (x); INSERT INTO a VALUES (1);"};

TEST_F(SqliteMigrations, TheProgramsOwnAreNumberedWithoutGap) {
    std::int64_t expected = 0;
    for (auto const& migration : sqlite_migrations()) EXPECT_EQ(migration.version, ++expected);
    EXPECT_GE(expected, 1);
}

TEST_F(SqliteMigrations, StepsAreTakenOnceAndInOrder) {
    migrate(std::array{make_a});
    EXPECT_EQ(number("SELECT MAX(version) FROM schema_version"), 1);
    migrate(std::array{make_a, make_b});
    migrate(std::array{make_a, make_b});
    EXPECT_EQ(number("SELECT MAX(version) FROM schema_version"), 2);
    EXPECT_EQ(number("SELECT COUNT(*) FROM schema_version"), 2);
    EXPECT_EQ(number("SELECT COUNT(*) FROM a"), 1);
    check_sqlite_schema(options_, std::array{make_a, make_b});
}

TEST_F(SqliteMigrations, AFailingStepLeavesTheOnesBeforeIt) {
    std::array const steps{make_a, make_b, broken};
    EXPECT_THROW(migrate(steps), SqliteError);
    EXPECT_EQ(number("SELECT MAX(version) FROM schema_version"), 2);
    EXPECT_EQ(number("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'c'"), 0);
}

TEST_F(SqliteMigrations, AStepMayRebuildATableThatOthersReferTo) {
    migrate(std::array{make_a, make_b, rebuild});
    EXPECT_EQ(number("SELECT y FROM a"), 8);
    EXPECT_EQ(number("SELECT COUNT(*) FROM b"), 1);
}

TEST_F(SqliteMigrations, AStepThatOrphansRowsIsUndone) {
    std::array const steps{make_a, make_b, orphans};
    EXPECT_THROW(migrate(steps), std::runtime_error);
    EXPECT_EQ(number("SELECT COUNT(*) FROM a"), 1);
    EXPECT_EQ(number("SELECT MAX(version) FROM schema_version"), 2);
}

TEST_F(SqliteMigrations, ANewerDatabaseIsRefusedByProgramsBelowItsMinimum) {
    std::array const newer{make_a, Migration{2, "later", "99.1.0", "CREATE TABLE b (x);"}};
    std::array const older{make_a};
    migrate(newer);
    for (auto const& attempt : {std::function<void()>([&] { migrate(older); }),
                                std::function<void()>([&] { check_sqlite_schema(options_, older); })}) {
        auto const line = refusal(attempt);
        EXPECT_NE(line.find("schema version 2"), std::string::npos) << line;
        EXPECT_NE(line.find("newer than this program's 1"), std::string::npos) << line;
        EXPECT_NE(line.find("needs program version 99.1.0 or newer, and this is " CLINIKK_VERSION), std::string::npos)
            << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    }
    EXPECT_EQ(number("SELECT COUNT(*) FROM schema_version"), 2);
}

TEST_F(SqliteMigrations, ANewerDatabaseIsServedFromItsMinimumOn) {
    std::array const newer{make_a, make_b};
    std::array const older{make_a};
    migrate(newer);
    EXPECT_EQ(refusal([&] { migrate(older); }), "");
    EXPECT_EQ(refusal([&] { check_sqlite_schema(options_, older); }), "");
    EXPECT_EQ(number("SELECT MAX(version) FROM schema_version"), 2);
}

TEST_F(SqliteMigrations, AVersionTableThatNamesNoProgramGetsItsColumn) {
    migrate(std::array{make_a});
    {
        SqliteConnection connection(options_.path, SqliteConnection::Use::write, options_.busy_timeout);
        connection.run_script("ALTER TABLE schema_version DROP COLUMN oldest_program");
    }
    std::array<Migration, 0> const none{};
    EXPECT_NE(refusal([&] { migrate(none); }).find("newer than this program's 0: start"), std::string::npos);
    migrate(std::array{make_a, make_b});
    EXPECT_EQ(number("SELECT COUNT(*) FROM schema_version WHERE oldest_program = '0.1.0'"), 2);
}

TEST_F(SqliteMigrations, CheckRefusesAnOldSchemaAndChangesNothing) {
    std::array const steps{make_a, make_b};
    auto const check = [&] { check_sqlite_schema(options_, steps); };
    EXPECT_NE(refusal(check).find("schema version 0, this program needs 2"), std::string::npos) << refusal(check);
    EXPECT_FALSE(std::filesystem::exists(options_.path));
    migrate(std::array{make_a});
    EXPECT_NE(refusal(check).find("schema version 1, this program needs 2"), std::string::npos) << refusal(check);
    EXPECT_EQ(number("SELECT MAX(version) FROM schema_version"), 1);
    migrate(steps);
    EXPECT_EQ(refusal(check), "");
}

TEST_F(SqliteMigrations, ProcessesThatStartTogetherMigrateOnce) {
    std::array const steps{count, Migration{2, "add", "0.1.0", "INSERT INTO a VALUES (2);"},
                           Migration{3, "add", "0.1.0", "INSERT INTO a VALUES (3);"}};
    std::array<pid_t, 8> children{};
    for (auto& child : children) {
        child = fork();
        ASSERT_GE(child, 0);
        if (child != 0) continue;
        int status = 0;
        try {
            migrate(steps);
        } catch (std::exception const& error) {
            std::fprintf(stderr, "%s\n", error.what());
            status = 1;
        }
        _exit(status);
    }
    for (pid_t const child : children) {
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    EXPECT_EQ(number("SELECT COUNT(*) FROM a"), 3);
    EXPECT_EQ(number("SELECT COUNT(*) FROM schema_version"), 3);
}

TEST_F(SqliteMigrations, TheFileIsForItsOwnerOnly) {
    auto const before = umask(0);
    migrate_sqlite(options_, log_);
    SqliteConnection connection(options_.path, SqliteConnection::Use::write, options_.busy_timeout);
    connection.run_script(
        "INSERT INTO outbox (id, type, subject, payload, created_at)"
        " VALUES (randomblob(16), '', randomblob(16), '', 0)");
    umask(before);
    using std::filesystem::perms;
    int files = 0;
    for (auto const& entry : std::filesystem::directory_iterator(directory_.path())) {
        ++files;
        EXPECT_EQ(entry.status().permissions(), perms::owner_read | perms::owner_write) << entry.path();
    }
    EXPECT_EQ(files, 3) << "the file, its WAL and the WAL's index";
}

TEST_F(SqliteMigrations, TheTablesRefuseWhatNoVersionWrites) {
    migrate_sqlite(options_, log_);
    SqliteConnection connection(options_.path, SqliteConnection::Use::write, options_.busy_timeout);
    auto const refused = [&connection](std::string const& sql, std::string_view constraint) {
        auto& prepared = connection.prepare({sql, sql});
        auto const outcome = connection.execute(prepared, {}, [](Row const&) {});
        ASSERT_TRUE(outcome.has_error()) << sql;
        EXPECT_EQ(outcome.error().constraint, constraint);
    };
    std::string const users =
        "INSERT INTO users (id, email, email_key, password_hash, role, is_active, created_at) VALUES ";
    auto const user = users + "(randomblob(16), 'a', 'a', '', ";
    connection.run_script(user + "'viewer', 1, 0)");
    refused(user + "'viewer', 1, 0)", "users_email_key_key");
    refused(user + "'root', 1, 0)", "users_role_check");
    refused(user + "'viewer', 2, 0)", "users_is_active_check");
    refused(user + "NULL, 1, 0)", "users_role_not_null");
    refused(users + "(randomblob(15), 'b', 'b', '', 'viewer', 1, 0)", "users_id_check");
    EXPECT_THROW(connection.run_script(user + "'viewer', 1, 'yesterday')"), SqliteError) << "tables are STRICT";
}

}  // namespace
}  // namespace clinikk::db
