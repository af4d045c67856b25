#include "db/sqlite/sqlite_error.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace clinikk::db {
namespace {

using Kind = ConstraintViolation::Kind;

void expect_violation(int code, std::string_view message, Kind kind, std::string_view constraint) {
    auto const violation = parse_violation(code, message);
    ASSERT_TRUE(violation) << message;
    EXPECT_EQ(violation->kind, kind) << message;
    EXPECT_EQ(violation->constraint, constraint) << message;
}

TEST(SqliteError, NamesConstraintsAsPostgresqlDoes) {
    expect_violation(SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: users.email_key", Kind::unique,
                     "users_email_key_key");
    expect_violation(SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: t.a, t.b", Kind::unique, "t_a_b_key");
    expect_violation(SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: index 'users_lower_idx'", Kind::unique,
                     "users_lower_idx");
    expect_violation(SQLITE_CONSTRAINT_PRIMARYKEY, "UNIQUE constraint failed: users.id", Kind::unique, "users_pkey");
    expect_violation(SQLITE_CONSTRAINT_PRIMARYKEY, "UNIQUE constraint failed: t.a, t.b", Kind::unique, "t_pkey");
    expect_violation(SQLITE_CONSTRAINT_ROWID, "UNIQUE constraint failed: t.id", Kind::unique, "t_pkey");
    expect_violation(SQLITE_CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed", Kind::foreign_key, "");
    expect_violation(SQLITE_CONSTRAINT_CHECK, "CHECK constraint failed: users_role_check", Kind::other,
                     "users_role_check");
    expect_violation(SQLITE_CONSTRAINT_NOTNULL, "NOT NULL constraint failed: users.email", Kind::other,
                     "users_email_not_null");
}

TEST(SqliteError, OtherFailuresAreNoViolation) {
    EXPECT_FALSE(parse_violation(SQLITE_BUSY, "database is locked"));
    EXPECT_FALSE(parse_violation(SQLITE_IOERR_WRITE, "disk I/O error"));
    EXPECT_FALSE(parse_violation(SQLITE_FULL, "database or disk is full"));
    EXPECT_FALSE(parse_violation(SQLITE_CONSTRAINT_DATATYPE, "cannot store TEXT value in INTEGER column t.a"));
}

TEST(SqliteError, AFullDiskIsUnavailabilityAndNotADefect) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(":memory:", &connection), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(connection, "PRAGMA max_page_count = 2; CREATE TABLE t (a);", nullptr, nullptr, nullptr),
              SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(connection, "INSERT INTO t VALUES (zeroblob(100000))", nullptr, nullptr, nullptr),
              SQLITE_FULL);
    EXPECT_THROW(throw_sqlite_error(connection, "fill"), Unavailable);
    ASSERT_EQ(sqlite3_exec(connection, "SELEKT", nullptr, nullptr, nullptr), SQLITE_ERROR);
    EXPECT_THROW(throw_sqlite_error(connection, "misspell"), SqliteError);
    sqlite3_close(connection);
}

TEST(SqliteError, OddMessagesDoNoHarm) {
    expect_violation(SQLITE_CONSTRAINT_UNIQUE, "", Kind::unique, "_key");
    expect_violation(SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: ", Kind::unique, "_key");
    expect_violation(SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: x", Kind::unique, "x_key");
    expect_violation(SQLITE_CONSTRAINT_CHECK, "CHECK", Kind::other, "");
}

TEST(SqliteError, UnexpectedViolationsSayWhichAndWhere) {
    Outcome const refused = ConstraintViolation{Kind::unique, "users_email_key_key"};
    try {
        (void)refused.value();
        FAIL();
    } catch (UnexpectedViolation const& defect) {
        EXPECT_NE(std::string_view(defect.what()).find("users_email_key_key"), std::string_view::npos);
        EXPECT_NE(std::string_view(defect.what()).find("sqlite_error_test.cpp"), std::string_view::npos);
    }
}

}  // namespace
}  // namespace clinikk::db
