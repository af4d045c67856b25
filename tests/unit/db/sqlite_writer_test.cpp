#include "db/sqlite/sqlite_writer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <future>
#include <thread>

#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_change_mark.hpp"
#include "db/sqlite/sqlite_connection.hpp"
#include "db/unit_of_work.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::db {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::run_task;

class SqliteWriterTest : public ::testing::Test {
protected:
    SqliteWriterTest() { migrate_sqlite(options_, log_); }

    testing::TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    SqliteOptions options_{.path = directory_.path() / "test.db", .read_connections = 2};
};

/// Coroutines that all wait for the writer at the same time: the first one holds it until all have asked.
class WaitingWriters {
public:
    explicit WaitingWriters(UnitOfWork& work) : work_(work) {
        add([held = held_.get_future().share()](Repositories&) -> Task<Result<void>> {
            held.wait();
            co_return Result<void>{};
        });
    }

    void add(UnitOfWork::Steps steps) {
        asio::co_spawn(loop_, run(std::move(steps)), [this](std::exception_ptr failure) { thrown += failure ? 1 : 0; });
    }

    void ask() { loop_.poll(); }

    void let_go() { held_.set_value(); }

    void wait() { loop_.run(); }

    int committed = 0;
    int refused = 0;
    int thrown = 0;

private:
    Task<> run(UnitOfWork::Steps steps) {
        auto const done = co_await work_.transaction(std::move(steps));
        ++(done.has_value() ? committed : refused);
    }

    UnitOfWork& work_;
    std::promise<void> held_;
    asio::io_context loop_;
};

UnitOfWork::Steps publish_one(std::size_t payload_size = 0) {
    return [payload_size](Repositories& in) -> Task<Result<void>> {
        Event const event{.id = new_uuid(),
                          .type = "test",
                          .subject = new_uuid(),
                          .payload = std::string(payload_size, 'x'),
                          .created_at = now()};
        co_await in.outbox().publish(event);
        co_return Result<void>{};
    };
}

UnitOfWork::Steps publish_and_refuse() {
    return [publish = publish_one()](Repositories& in) -> Task<Result<void>> {
        auto const published = co_await publish(in);
        published.value();
        co_return Error(ErrorCode::forbidden);
    };
}

std::int64_t count_events(SqliteConnection& connection) {
    static constexpr Statement count{"count_events", "SELECT COUNT(*) FROM outbox"};
    std::int64_t found = -1;
    connection.execute(connection.prepare(count), {}, [&found](Row const& row) { found = row.integer(0); }).value();
    return found;
}

TEST_F(SqliteWriterTest, WhatWaitsIsCommittedTogether) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    SqliteConnection other(options_.path, SqliteConnection::Use::read, 1s);
    EXPECT_EQ(count_events(other), 0);
    SqliteChangeMark mark;
    mark.attach(other.handle());
    auto const commits = [&mark] { return SqliteChangeMark::commits(mark.get()); };

    auto const before = commits();
    WaitingWriters writers(*work);
    for (int i = 0; i < 100; ++i) writers.add(publish_one());
    writers.ask();
    writers.let_go();
    writers.wait();
    EXPECT_EQ(writers.committed, 101);
    EXPECT_EQ(count_events(other), 100);
    EXPECT_LE(commits() - before, 3U);
    EXPECT_GE(commits() - before, 2U) << "a group is bounded";
}

TEST_F(SqliteWriterTest, EndsAfterWhatItWasAskedFor) {
    auto database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    WaitingWriters writers(*work);
    for (int i = 0; i < 30; ++i) writers.add(publish_one());
    writers.ask();
    writers.let_go();
    database.reset();
    SqliteConnection other(options_.path, SqliteConnection::Use::read, 1s);
    EXPECT_EQ(count_events(other), 30);
    writers.wait();
    EXPECT_EQ(writers.committed, 31);
}

/// No file of this process can grow past a size while this lives.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit const limit{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    FileSizeLimit(FileSizeLimit const&) = delete;
    FileSizeLimit& operator=(FileSizeLimit const&) = delete;
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        signal(SIGXFSZ, SIG_DFL);
    }

private:
    rlimit before_{};
};

TEST_F(SqliteWriterTest, AllOfAGroupFailWhenItsCommitFails) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    WaitingWriters writers(*work);
    writers.ask();
    std::this_thread::sleep_for(50ms);  // the writer has taken the one that holds it, and nothing else
    for (int i = 0; i < 10; ++i) writers.add(publish_one(10'000));
    writers.add(publish_and_refuse());
    writers.ask();
    {
        FileSizeLimit const limit(20'000);
        writers.let_go();
        writers.wait();
    }
    EXPECT_EQ(writers.committed, 1) << "the one that held the writer";
    EXPECT_EQ(writers.refused, 0) << "what was refused on the ground of what was never committed";
    EXPECT_EQ(writers.thrown, 11);
    SqliteConnection other(options_.path, SqliteConnection::Use::read, 1s);
    EXPECT_EQ(count_events(other), 0);
    EXPECT_TRUE(run_task(work->transaction(publish_one())).has_value());
    EXPECT_EQ(count_events(other), 1);
}

TEST_F(SqliteWriterTest, GoesOnAfterTheDiskFailed) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    SqliteConnection other(options_.path, SqliteConnection::Use::read, 1s);
    int committed = 0;
    int failures = 0;
    {
        FileSizeLimit const limit(std::filesystem::file_size(options_.path) + 100'000);
        for (int i = 0; i < 300 && failures < 5; ++i) {
            try {
                auto const done = run_task(work->transaction(publish_one(2'000)));
                committed += done.has_value() ? 1 : 0;
            } catch (std::exception const&) {
                ++failures;
            }
            EXPECT_EQ(count_events(other), committed);
        }
    }
    EXPECT_EQ(failures, 5);
    EXPECT_GT(committed, 0);
    EXPECT_TRUE(run_task(work->transaction(publish_one())).has_value());
    EXPECT_EQ(count_events(other), committed + 1);
}

}  // namespace
}  // namespace clinikk::db
