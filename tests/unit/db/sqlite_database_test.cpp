#include "db/sqlite/sqlite_database.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

#include "db/sqlite/migrations.hpp"
#include "db/sqlite/sqlite_change_mark.hpp"
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
        run_task(work->stores().outbox().publish(event));
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
    EXPECT_THROW(run_task(work->stores().outbox().publish(event)), Unavailable);
    run_task(work->check());

    std::thread release([&other] {
        std::this_thread::sleep_for(50ms);
        other.run_script("ROLLBACK");
    });
    run_task(work->stores().outbox().publish(event));
    release.join();
}

TEST_F(SqliteDatabaseTest, TheWalStaysBoundedWhileReadersRead) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    std::atomic<bool> done{false};
    std::thread reader([&] {
        while (!done) run_task(work->check());
    });
    // 40 MiB in all.
    std::uintmax_t largest = 0;
    for (int i = 0; i < 80; ++i) {
        auto const event = make_event(512 * 1024);
        run_task(work->stores().outbox().publish(event));
        run_task(work->check());
        largest = std::max(largest, wal_size());
    }
    done = true;
    reader.join();
    EXPECT_LT(largest, 24U * 1024 * 1024);
}

TEST_F(SqliteDatabaseTest, AnIdleReaderDoesNotStopAnotherProcessesCheckpoints) {
    auto const database = open_sqlite(options_, log_);
    auto const work = make_unit_of_work(*database);
    run_task(work->check());
    run_task(work->check());

    SqliteConnection other(options_.path, SqliteConnection::Use::write, 1s);
    other.run_script("INSERT INTO outbox (id, type, subject, payload, created_at)"
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
    auto const done = run_task(work->transaction([&](Stores& in) -> Task<Result<void>> {
        auto const thread = std::this_thread::get_id();
        auto const event = make_event();
        co_await in.outbox().publish(event);
        co_await work->check();  // another connection
        EXPECT_EQ(std::this_thread::get_id(), thread);
        co_return Result<void>{};
    }));
    EXPECT_TRUE(done.has_value());
}

/// Coroutines that all wait for the writer at the same time: it is kept busy until the last of them has asked.
class WaitingWriters {
public:
    explicit WaitingWriters(UnitOfWork& work) : work_(work) {}

    void add(UnitOfWork::Steps steps) {
        boost::asio::co_spawn(loop_, run(std::move(steps)), [this](std::exception_ptr failure) {
            if (failure) ++thrown;
        });
    }

    /// Has them all ask, then does something, then waits until they are done.
    void run(std::function<void()> const& meanwhile = [] {}) {
        std::promise<void> go;
        auto const may_go = go.get_future().share();
        boost::asio::co_spawn(loop_, run([may_go](Stores&) -> Task<Result<void>> {
                                  may_go.wait();
                                  co_return Result<void>{};
                              }),
                              [](std::exception_ptr) {});
        // The one that blocks has to be first.
        loop_.poll();
        go.set_value();
        meanwhile();
        loop_.run();
    }

    int committed = 0;
    int refused = 0;
    int thrown = 0;

private:
    Task<> run(UnitOfWork::Steps steps) {
        auto const done = co_await work_.transaction(std::move(steps));
        ++(done.has_value() ? committed : refused);
    }

    UnitOfWork& work_;
    boost::asio::io_context loop_;
};

}  // namespace
}  // namespace clinikk::db
