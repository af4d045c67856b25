#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "db/sqlite/migrations.hpp"
#include "db/unit_of_work.hpp"
#include "support/run_task.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::testing {
namespace {

Content make_content() {
    Content content;
    content.id = new_uuid();
    content.title = "A title";
    content.visibility = Visibility::public_;
    content.description.assign(300, 'x');
    content.created_at = now();
    content.updated_at = content.created_at;
    return content;
}

Task<> insert(UnitOfWork& work, Content const& content) {
    UnitOfWork::Steps const steps = [&content](Repositories& in) -> Task<Result<void>> {
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

/// So many reports, or all until the writer's end.
std::vector<Uuid> read_ids(int pipe, std::size_t limit) {
    std::vector<Uuid> ids;
    Uuid id;
    while (ids.size() < limit && read(pipe, id.bytes.data(), id.bytes.size()) == 16) ids.push_back(id);
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
    for (std::size_t round = 0; round < 5; ++round) {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        pid_t const child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(options_, ends[1]);
        }
        close(ends[1]);
        auto of_this_round = read_ids(ends[0], 10 + 13 * round);
        kill(child, SIGKILL);
        std::ranges::copy(read_ids(ends[0], 1'000'000), std::back_inserter(of_this_round));
        close(ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
        EXPECT_GE(of_this_round.size(), 10U + 13U * round);
        reported.insert(reported.end(), of_this_round.begin(), of_this_round.end());

        auto const database = db::open_sqlite(options_, log_);
        auto const work = db::make_unit_of_work(*database);
        for (auto const& id : reported) ASSERT_TRUE(run_task(work->repositories().contents().find(id)));
        run_task(insert(*work, make_content()));
    }
}

}  // namespace
}  // namespace clinikk::testing
