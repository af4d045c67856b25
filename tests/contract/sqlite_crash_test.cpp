#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "db/sqlite/migrations.hpp"
#include "db/unit_of_work.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

using namespace std::chrono_literals;

Content make_content() {
    Content content;
    content.id = new_uuid();
    content.title = "A title";
    content.description.assign(300, 'x');
    content.created_at = now();
    content.updated_at = content.created_at;
    return content;
}

Task<> insert(UnitOfWork& work, Content const& content) {
    UnitOfWork::Steps const steps = [&content](Stores& in) -> Task<Result<void>> {
        co_await in.contents().insert(content);
        co_return Result<void>{};
    };
    auto const done = co_await work.transaction(steps);
    done.value();
}

/// Inserts rows for ever and reports each to the pipe when it is committed.
[[noreturn]] void write_until_killed(db::SqliteOptions const& options, int pipe) {
    Log log(LogLevel::error, LogFormat::text);
    auto const database = db::open_sqlite(options, log);
    auto const work = db::make_unit_of_work(*database);
    for (;;) {
        auto const content = make_content();
        run_task(insert(*work, content));
        if (write(pipe, content.id.bytes.data(), content.id.bytes.size()) != 16) _exit(1);
    }
}

std::vector<Uuid> read_until_end(int pipe) {
    std::vector<Uuid> ids;
    Uuid id;
    while (read(pipe, id.bytes.data(), id.bytes.size()) == 16) ids.push_back(id);
    return ids;
}

class SqliteCrash : public ::testing::Test {
protected:
    SqliteCrash() { db::migrate_sqlite(options_, log_); }

    TemporaryDirectory directory_;
    Log log_{LogLevel::error, LogFormat::text};
    db::SqliteOptions options_{.path = directory_.path() / "test.db"};
};

TEST_F(SqliteCrash, NothingReportedIsLostWhenTheProcessIsKilled) {
    std::vector<Uuid> reported;
    for (int round = 0; round < 5; ++round) {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        pid_t const child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(options_, ends[1]);
        }
        close(ends[1]);
        std::thread killer([child, round] {
            std::this_thread::sleep_for(100ms + round * 17ms);
            kill(child, SIGKILL);
        });
        auto const of_this_round = read_until_end(ends[0]);
        killer.join();
        close(ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
        EXPECT_GT(of_this_round.size(), 3U);
        reported.insert(reported.end(), of_this_round.begin(), of_this_round.end());

        auto const database = db::open_sqlite(options_, log_);
        auto const work = db::make_unit_of_work(*database);
        for (auto const& id : reported) ASSERT_TRUE(run_task(work->stores().contents().find(id)));
        run_task(insert(*work, make_content()));
    }
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

TEST_F(SqliteCrash, GoesOnAfterTheDiskFailed) {
    auto const database = db::open_sqlite(options_, log_);
    auto const work = db::make_unit_of_work(*database);
    std::vector<Uuid> committed;
    int failures = 0;
    {
        FileSizeLimit const limit(std::filesystem::file_size(options_.path) + 100'000);
        for (int i = 0; i < 300 && failures < 5; ++i) {
            auto const content = make_content();
            try {
                run_task(insert(*work, content));
                committed.push_back(content.id);
            } catch (std::exception const&) {
                ++failures;
                EXPECT_FALSE(run_task(work->stores().contents().find(content.id)));
            }
        }
    }
    EXPECT_EQ(failures, 5);
    EXPECT_FALSE(committed.empty());
    for (int i = 0; i < 10; ++i) {
        auto const content = make_content();
        run_task(insert(*work, content));
        committed.push_back(content.id);
    }
    for (auto const& id : committed) EXPECT_TRUE(run_task(work->stores().contents().find(id)));
}

}  // namespace
}  // namespace clinikk::testing
