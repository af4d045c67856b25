#include "db/sqlite/sqlite_connection.hpp"

#include <gtest/gtest.h>

#include "db/sqlite/sqlite_error.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::db {
namespace {

using namespace std::chrono_literals;

class SqliteConnectionTest : public ::testing::Test {
protected:
    SqliteConnectionTest() { writer_.run_script("CREATE TABLE t (a ANY, b ANY) STRICT"); }

    Outcome run(
        SqliteConnection& connection, Statement const& statement, std::span<Value const> parameters,
        OnRow const& on_row = [](Row const&) {}) {
        return connection.execute(connection.prepare(statement), parameters, on_row);
    }

    /// Through `read`, which keeps a transaction open.
    std::int64_t count(SqliteConnection& reader) {
        std::int64_t found = -1;
        OnRow const on_row = [&found](Row const& row) { found = row.integer(0); };
        static constexpr Statement statement{"count", "SELECT COUNT(*) FROM t"};
        reader.read(reader.prepare(statement), {}, on_row).value();
        return found;
    }

    testing::TemporaryDirectory directory_;
    std::filesystem::path path_ = directory_.path() / "test.db";
    SqliteConnection writer_{path_, SqliteConnection::Use::create, 100ms};
};

constexpr Statement echo{"echo", "SELECT $1, $2"};
constexpr Statement insert{"insert", "INSERT INTO t VALUES ($1, $2)"};

TEST_F(SqliteConnectionTest, ParametersGoByNumberWhateverTheirOrder) {
    static constexpr Statement swapped{"swapped", "SELECT $3, $1, $2, $1"};
    std::array<Value, 3> const parameters{std::int64_t{1}, std::int64_t{2}, std::int64_t{3}};
    OnRow const on_row = [](Row const& row) {
        EXPECT_EQ(row.integer(0), 3);
        EXPECT_EQ(row.integer(1), 1);
        EXPECT_EQ(row.integer(2), 2);
        EXPECT_EQ(row.integer(3), 1);
    };
    EXPECT_EQ(run(writer_, swapped, parameters, on_row).value(), 1U);
}

TEST_F(SqliteConnectionTest, EmptyTextAndBytesAreNotNull) {
    std::array<Value, 2> const parameters{std::string_view{}, Blob{}};
    OnRow const on_row = [](Row const& row) {
        EXPECT_FALSE(row.is_null(0));
        EXPECT_EQ(row.text(0), "");
        EXPECT_FALSE(row.is_null(1));
        EXPECT_EQ(row.blob(1), "");
    };
    EXPECT_EQ(run(writer_, echo, parameters, on_row).value(), 1U);
}

TEST_F(SqliteConnectionTest, ValuesOfAllTypesComeBack) {
    auto const id = new_uuid();
    auto const time = now();
    std::array<Value, 2> const texts{std::string_view("a\0b", 3), Blob{std::string_view("\0\xff", 2)}};
    run(writer_, echo, texts, [](Row const& row) {
        EXPECT_EQ(row.text(0), std::string_view("a\0b", 3));
        EXPECT_EQ(row.blob(1), std::string_view("\0\xff", 2));
    }).value();
    std::array<Value, 2> const ids{id, time};
    run(writer_, echo, ids, [&](Row const& row) {
        EXPECT_EQ(row.uuid(0), id);
        EXPECT_EQ(row.time(1), time);
    }).value();
    std::array<Value, 2> const truths{true, Value{}};
    run(writer_, echo, truths, [](Row const& row) {
        EXPECT_TRUE(row.boolean(0));
        EXPECT_TRUE(row.is_null(1));
    }).value();
}

TEST_F(SqliteConnectionTest, AskingForAnotherTypeIsADefect) {
    std::array<Value, 2> const parameters{std::int64_t{5}, std::string_view("five")};
    run(writer_, echo, parameters, [](Row const& row) {
        EXPECT_THROW((void)row.text(0), std::logic_error);
        EXPECT_THROW((void)row.uuid(0), std::logic_error);
        EXPECT_THROW((void)row.integer(1), std::logic_error);
        EXPECT_THROW((void)row.time(1), std::logic_error);
        EXPECT_THROW((void)row.blob(1), std::logic_error);
    }).value();
    std::array<Value, 2> const absent{};
    run(writer_, echo, absent, [](Row const& row) {
        EXPECT_THROW((void)row.text(0), std::logic_error);
        EXPECT_THROW((void)row.integer(0), std::logic_error);
    }).value();
}

TEST_F(SqliteConnectionTest, ANameBelongsToOneStatement) {
    writer_.prepare({"name", "SELECT 1"});
    EXPECT_NO_THROW(writer_.prepare({std::string("name"), std::string("SELECT 1")}));
    EXPECT_THROW(writer_.prepare({"name", "SELECT 2"}), std::logic_error);
}

TEST_F(SqliteConnectionTest, OnlyNumberedParametersAreTaken) {
    EXPECT_THROW(writer_.prepare({"question mark", "SELECT ?"}), std::logic_error);
    EXPECT_THROW(writer_.prepare({"name", "SELECT :name"}), std::logic_error);
    EXPECT_THROW(writer_.prepare({"zero", "SELECT $0"}), std::logic_error);
}

TEST_F(SqliteConnectionTest, WrongSqlIsThrown) {
    EXPECT_THROW(writer_.prepare({"wrong", "SELEKT 1"}), SqliteError);
    EXPECT_THROW(writer_.prepare({"quotes", "SELECT \"text\""}), SqliteError) << "double quotes are for names";
}

TEST_F(SqliteConnectionTest, ReadersRefuseToWrite) {
    SqliteConnection reader(path_, SqliteConnection::Use::read, 100ms);
    std::array<Value, 2> const parameters{};
    EXPECT_THROW((void)run(reader, insert, parameters), SqliteError);
}

TEST_F(SqliteConnectionTest, ACallbackThatThrowsLeavesTheStatementUsable) {
    SqliteConnection reader(path_, SqliteConnection::Use::read, 100ms);
    std::array<Value, 2> const parameters{std::int64_t{1}, std::int64_t{2}};
    OnRow const failing = [](Row const&) { throw std::out_of_range("expected here"); };
    for (int i = 0; i < 3; ++i) {
        EXPECT_THROW((void)reader.read(reader.prepare(echo), parameters, failing), std::out_of_range);
        EXPECT_EQ(run(reader, echo, parameters).value(), 1U);
    }
}

TEST_F(SqliteConnectionTest, ReadingGoesOnInItsTransactionUntilSomethingIsCommitted) {
    SqliteConnection reader(path_, SqliteConnection::Use::read, 100ms);
    EXPECT_EQ(count(reader), 0);
    EXPECT_EQ(count(reader), 0);
    EXPECT_TRUE(reader.in_transaction());
    std::array<Value, 2> const row{std::int64_t{1}, std::int64_t{2}};
    for (std::int64_t i = 1; i <= 50; ++i) {
        run(writer_, insert, row).value();
        EXPECT_EQ(count(reader), i);
        EXPECT_EQ(count(reader), i);
        EXPECT_TRUE(reader.in_transaction());
    }
    reader.end_reading();
    EXPECT_FALSE(reader.in_transaction());
    EXPECT_EQ(count(reader), 50);
}

TEST_F(SqliteConnectionTest, ReadingSeesCommitsAcrossCheckpointsAndANewWal) {
    SqliteConnection reader(path_, SqliteConnection::Use::read, 100ms);
    std::array<Value, 2> const row{std::int64_t{1}, std::int64_t{2}};
    std::int64_t rows = 0;
    for (int i = 0; i < 20; ++i) {
        run(writer_, insert, row).value();
        EXPECT_EQ(count(reader), ++rows);
        if (i % 2 == 0) reader.end_reading();
        writer_.checkpoint();
        EXPECT_EQ(count(reader), rows);
        run(writer_, insert, row).value();
        EXPECT_EQ(count(reader), ++rows);
    }
}

TEST_F(SqliteConnectionTest, ReadingDoesNotSeeWhatIsNotCommitted) {
    SqliteConnection reader(path_, SqliteConnection::Use::read, 100ms);
    EXPECT_EQ(count(reader), 0);
    writer_.run_script("BEGIN IMMEDIATE; INSERT INTO t VALUES (1, 2)");
    EXPECT_EQ(count(reader), 0);
    writer_.run_script("COMMIT");
    EXPECT_EQ(count(reader), 1);
}

TEST_F(SqliteConnectionTest, ReadingNoticesAChangedSchema) {
    SqliteConnection reader(path_, SqliteConnection::Use::read, 100ms);
    EXPECT_EQ(count(reader), 0);
    writer_.run_script("DROP TABLE t; CREATE TABLE t (a ANY) STRICT; INSERT INTO t VALUES (1)");
    EXPECT_EQ(count(reader), 1);
}

TEST_F(SqliteConnectionTest, AnotherWritersLockIsWaitedForAndThenUnavailable) {
    SqliteConnection other(path_, SqliteConnection::Use::write, 100ms);
    other.run_script("BEGIN IMMEDIATE");
    auto const started = std::chrono::steady_clock::now();
    EXPECT_THROW(writer_.run_script("BEGIN IMMEDIATE"), Unavailable);
    EXPECT_GE(std::chrono::steady_clock::now() - started, 100ms);
    writer_.set_busy_deadline(std::chrono::steady_clock::now());
    EXPECT_THROW(writer_.run_script("BEGIN IMMEDIATE"), Unavailable);
    EXPECT_FALSE(writer_.is_broken());
    other.run_script("ROLLBACK");
    writer_.run_script("BEGIN IMMEDIATE; COMMIT");
}

TEST_F(SqliteConnectionTest, AFileThatIsNoDatabaseIsRefused) {
    auto const path = directory_.path() / "other";
    std::filesystem::copy_file("/proc/self/exe", path);
    EXPECT_THROW(SqliteConnection(path, SqliteConnection::Use::write, 100ms), SqliteError);
    EXPECT_THROW(SqliteConnection(directory_.path() / "none", SqliteConnection::Use::read, 100ms), SqliteError);
    EXPECT_THROW(SqliteConnection(directory_.path() / "none" / "x", SqliteConnection::Use::create, 100ms),
                 std::system_error);
}

}  // namespace
}  // namespace clinikk::db
