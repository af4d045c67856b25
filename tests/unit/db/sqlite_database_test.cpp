#include "db/sqlite/sqlite_database.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_connection.hpp"
#include "db/unit_of_work.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::db {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

class SqliteDatabaseTest : public ::testing::Test {
protected:
    SqliteDatabaseTest() { migrate_sqlite(options_, log_); }

    static Event make_event(std::size_t payload_size = 0) {
        return {.id = new_uuid(),
                .type = "test",
                .subject = new_uuid(),
                .payload = std::string(payload_size, 'x'),
                .created_at = now()};
    }

    std::uintmax_t wal_size() const {
        auto const wal = options_.path.string() + "-wal";
        return std::filesystem::exists(wal) ? std::filesystem::file_size(wal) : 0;
    }

    testing::TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    SqliteOptions options_{.path = directory_.path() / "test.db", .busy_timeout = 200ms, .read_connections = 2};
};

TEST_F(SqliteDatabaseTest, NeedsItsFile) {
    options_.path = directory_.path() / "none";
    EXPECT_THROW((void)open_sqlite(options_, log_), std::runtime_error);
    EXPECT_FALSE(std::filesystem::exists(options_.path));
}

TEST_F(SqliteDatabaseTest, LeavesOneFileWhenItEnds) {
    {
        auto const database = open_sqlite(options_, log_);
        auto const work = make_unit_of_work(*database);
        auto const event = make_event();
        run_task(work->repositories().outbox().publish(event));
        run_task(work->check());
        EXPECT_GT(wal_size(), 0U);
    }
    for (auto const& entry : std::filesystem::directory_iterator(directory_.path())) {
        EXPECT_EQ(entry.path(), options_.path);
    }
}

TEST_F(SqliteDatabaseTest, LockedByAnotherProcessItIsUnavailableAndReadsGoOn) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    SqliteConnection other(options_.path, SqliteConnection::Use::write, 1s);
    other.run_script("BEGIN IMMEDIATE");
    auto const event = make_event();
    EXPECT_THROW(run_task(work->repositories().outbox().publish(event)), Unavailable);
    run_task(work->check());

    options_.busy_timeout = 60s;
    auto const patient = open_sqlite(options_, log_);
    auto release = std::async(std::launch::async, [&other] {
        std::this_thread::sleep_for(50ms);
        other.run_script("ROLLBACK");
    });
    run_task(make_unit_of_work(*patient)->repositories().outbox().publish(event));
    release.get();
}

TEST_F(SqliteDatabaseTest, TheWalStaysBoundedWhileThisAndAnotherProcessRead) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    auto const another = open_sqlite(options_, log_);
    auto const other_work = make_unit_of_work(*another);
    std::vector<std::jthread> readers;
    for (auto* const read_through : {work.get(), other_work.get()}) {
        readers.emplace_back([read_through](std::stop_token const& stop) {
            while (!stop.stop_requested()) run_task(read_through->check());
        });
    }
    // 60 MiB in all.
    std::uintmax_t largest = 0;
    for (int i = 0; i < 120; ++i) {
        auto const event = make_event(512 * 1024);
        run_task(work->repositories().outbox().publish(event));
        run_task(work->check());
        largest = std::max(largest, wal_size());
    }
    readers.clear();
    EXPECT_LT(largest, 40U * 1024 * 1024);
}

TEST_F(SqliteDatabaseTest, AnIdleReaderDoesNotStopAnotherProcessesCheckpoints) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    run_task(work->check());
    run_task(work->check());

    SqliteConnection other(options_.path, SqliteConnection::Use::write, 1s);
    other.run_script(
        "INSERT INTO outbox (id, type, subject, payload, created_at)"
        " VALUES (randomblob(16), '', randomblob(16), '', 0)");
    // TRUNCATE waits for readers of the old state, and says so when there is one.
    auto const give_up_at = std::chrono::steady_clock::now() + 5s;
    while (wal_size() > 0 && std::chrono::steady_clock::now() < give_up_at) {
        try {
            other.run_script("PRAGMA wal_checkpoint(TRUNCATE)");
        } catch (Unavailable const&) {
        }
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(wal_size(), 0U);
}

TEST_F(SqliteDatabaseTest, MoreThreadsThanReadersCanRead) {
    options_.read_connections = 1;
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&work] {
            for (int i = 0; i < 300; ++i) run_task(work->check());
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST_F(SqliteDatabaseTest, StepsMayAwaitSomethingElseAndGoOnOnTheWritersThread) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    auto const done = run_task(work->transaction([&](Repositories& in) -> Task<Result<void>> {
        auto const thread = std::this_thread::get_id();
        auto const event = make_event();
        co_await in.outbox().publish(event);
        co_await work->check();  // another connection
        EXPECT_EQ(std::this_thread::get_id(), thread);
        co_return Result<void>{};
    }));
    EXPECT_TRUE(done.has_value());
}

}  // namespace
}  // namespace clinikk::db
