#include "contract/database_contract.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "db/postgres/blocking_connection.hpp"
#include "db/postgres/migrations.hpp"
#include "db/repositories.hpp"
#include "db/sqlite/migrations.hpp"
#include "support/fakes/fake_database.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

void expect_listed(db::Statement const& statement) {
    static auto const listed = db::all_statements();
    EXPECT_NE(std::ranges::find(listed, statement.name, &db::Statement::name), listed.end())
        << statement.name << " is missing in db::all_statements()";
}

class WatchedSession final : public db::Session {
public:
    explicit WatchedSession(db::Session& session) : session_(session) {}

    Task<db::Outcome> run(db::Statement const& statement, std::span<db::Value const> parameters,
                          db::OnRow const& on_row) override {
        expect_listed(statement);
        return session_.run(statement, parameters, on_row);
    }

private:
    db::Session& session_;
};

/// Passes statements on, and fails the test when one is not in `db::all_statements`: it would be neither prepared nor
/// explained by the tests.
class WatchedDatabase final : public db::Database {
public:
    explicit WatchedDatabase(db::Database& database) : database_(database) {}

    Task<db::Outcome> run(db::Statement const& statement, std::span<db::Value const> parameters,
                          db::OnRow const& on_row) override {
        expect_listed(statement);
        return database_.run(statement, parameters, on_row);
    }

    Task<Result<void>> transaction(Steps steps) override {
        Steps watched = [&steps](db::Session& session) -> Task<Result<void>> {
            WatchedSession in_transaction(session);
            co_return co_await steps(in_transaction);
        };
        co_return co_await database_.transaction(std::move(watched));
    }

    CollectionLock& collection_lock() override { return database_.collection_lock(); }

private:
    db::Database& database_;
};

/// A unit of work, and the driver that it owns.
class OpenedDatabase final : public UnitOfWork {
public:
    explicit OpenedDatabase(std::unique_ptr<db::Database> driver) : driver_(std::move(driver)) {}

    Repositories& repositories() override { return work_->repositories(); }
    Task<Result<void>> transaction(Steps steps) override { return work_->transaction(std::move(steps)); }
    std::optional<Revision> revision() const override { return driver_->revision(); }
    Task<Result<void>> check() override { return work_->check(); }

private:
    std::unique_ptr<db::Database> driver_;
    WatchedDatabase watched_{*driver_};
    std::unique_ptr<UnitOfWork> work_ = db::make_unit_of_work(watched_);
};

/// How long a driver waits for others. The suites ask what happens and not how soon, and the machine may be busy.
constexpr std::chrono::seconds patience{60};

class DriverUnderTest : public DatabaseUnderTest {
public:
    std::unique_ptr<UnitOfWork> open() override { return std::make_unique<OpenedDatabase>(open_driver()); }
};

class SqliteUnderTest final : public DriverUnderTest {
public:
    SqliteUnderTest() { db::migrate_sqlite(options_, log_); }
    std::unique_ptr<db::Database> open_driver() override { return db::open_sqlite(options_, log_); }
    bool has_one_writer() const override { return true; }

private:
    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    db::SqliteOptions options_{.path = directory_.path() / "test.db", .busy_timeout = patience};
};

/// A new database on the server at TEST_POSTGRES_URL.
class PostgresUnderTest final : public DriverUnderTest {
public:
    explicit PostgresUnderTest(std::string const& server) {
        auto name = "contract_" + new_uuid().to_string();
        std::ranges::replace(name, '-', '_');
        db::BlockingConnection(server + "/postgres").run_script("CREATE DATABASE " + name);
        options_.conninfo = server + "/" + name;
        db::migrate_postgres(options_, log_);
    }
    std::unique_ptr<db::Database> open_driver() override { return db::open_postgres(options_, log_); }

private:
    Log log_{LogLevel::error, LogFormat::text};
    db::PostgresOptions options_{.deadline = patience};
};

class FakeDatabaseUnderTest final : public DatabaseUnderTest {
public:
    std::unique_ptr<UnitOfWork> open() override { return std::make_unique<FakeUnitOfWork>(database_, calls_); }
    std::unique_ptr<db::Database> open_driver() override { throw std::logic_error("the fake has no statements"); }

private:
    Calls calls_;
    FakeDatabase database_;
};

}  // namespace

std::vector<MakeDatabase> all_database_drivers() {
    std::vector<MakeDatabase> drivers{
        []() -> std::unique_ptr<DatabaseUnderTest> { return std::make_unique<SqliteUnderTest>(); }};
    if (std::getenv("TEST_POSTGRES_URL") != nullptr) {
        drivers.push_back([]() -> std::unique_ptr<DatabaseUnderTest> {
            return std::make_unique<PostgresUnderTest>(std::getenv("TEST_POSTGRES_URL"));
        });
    }
    return drivers;
}

std::vector<MakeDatabase> all_databases() {
    auto databases = all_database_drivers();
    databases.push_back(
        []() -> std::unique_ptr<DatabaseUnderTest> { return std::make_unique<FakeDatabaseUnderTest>(); });
    return databases;
}

Uuid DatabaseContract::add_user(std::string const& email_key) {
    User const user{.id = new_uuid(),
                    .email = email_key,
                    .email_key = email_key,
                    .password_hash = "hash of " + email_key,
                    .created_at = at(0)};
    EXPECT_TRUE(run(repositories().users().insert(user)).has_value());
    return user.id;
}

Content DatabaseContract::add_content(Timestamp created_at, ContentKind kind, std::optional<Uuid> owner) {
    Content content;
    content.id = new_uuid();
    content.title = "A title";
    content.content_type = kind;
    content.visibility = Visibility::public_;
    content.owner_id = owner;
    content.created_at = created_at;
    content.updated_at = created_at;
    run(repositories().contents().insert(content));
    return content;
}

Object DatabaseContract::add_object(std::uint64_t size) {
    Object object;
    object.id = new_uuid();
    object.store = "local";
    object.key = "video/" + object.id.to_string() + ".mp4";
    object.size = size;
    object.sha256 = Sha256::of(object.key);
    object.media_type = "video/mp4";
    object.created_at = at(1);
    run(repositories().objects().insert(object));
    return object;
}

void DatabaseContract::link(Uuid content_id, Uuid object_id) {
    run(repositories().objects().link(content_id, ObjectRole::source, object_id));
}

Timestamp DatabaseContract::at(std::int64_t seconds) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + seconds));
}

}  // namespace clinikk::testing
