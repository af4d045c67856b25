#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <future>
#include <thread>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

namespace asio = boost::asio;

class UnitOfWorkContract : public DatabaseContract {
protected:
    static Content make_content(std::string title) {
        Content content;
        content.id = new_uuid();
        content.visibility = Visibility::public_;
        content.title = std::move(title);
        content.created_at = at(0);
        content.updated_at = at(0);
        return content;
    }

    bool exists(Uuid content_id) { return run(repositories().contents().find(content_id)).has_value(); }
};
INSTANTIATE_TEST_SUITE_P(Databases, UnitOfWorkContract, ::testing::ValuesIn(all_databases()));

TEST_P(UnitOfWorkContract, CommitsAllSteps) {
    auto const first = make_content("first");
    auto const second = make_content("second");
    auto const done = run(work().transaction([&](Repositories& in) -> Task<Result<void>> {
        co_await in.contents().insert(first);
        co_await in.contents().insert(second);
        co_return Result<void>{};
    }));
    EXPECT_TRUE(done.has_value());
    EXPECT_TRUE(exists(first.id));
    EXPECT_TRUE(exists(second.id));
}

TEST_P(UnitOfWorkContract, AnErrorRollsBackAndIsPassedOn) {
    auto const content = make_content("never");
    auto const done = run(work().transaction([&](Repositories& in) -> Task<Result<void>> {
        co_await in.contents().insert(content);
        co_return Error(ErrorCode::quota_exceeded, "too much");
    }));
    ASSERT_TRUE(done.has_error());
    EXPECT_EQ(done.error().code, ErrorCode::quota_exceeded);
    EXPECT_EQ(done.error().detail, "too much");
    EXPECT_FALSE(exists(content.id));
}

TEST_P(UnitOfWorkContract, AnExceptionRollsBackAndIsPassedOn) {
    auto const content = make_content("never");
    auto failing = [&](Repositories& in) -> Task<Result<void>> {
        co_await in.contents().insert(content);
        throw std::out_of_range("a defect");
    };
    EXPECT_THROW((void)run(work().transaction(failing)), std::out_of_range);
    EXPECT_FALSE(exists(content.id));
    auto const later = make_content("later");
    run(repositories().contents().insert(later));
    EXPECT_TRUE(exists(later.id));
}

TEST_P(UnitOfWorkContract, ARefusedRowRollsBackTheSteps) {
    auto const content = make_content("never");
    auto failing = [&](Repositories& in) -> Task<Result<void>> {
        co_await in.contents().insert(content);
        co_await in.contents().insert(content);
        co_return Result<void>{};
    };
    EXPECT_THROW((void)run(work().transaction(failing)), db::UnexpectedViolation);
    EXPECT_FALSE(exists(content.id));
}

TEST_P(UnitOfWorkContract, StepsSeeTheirOwnChangesAndOthersDoNot) {
    auto const content = make_content("mine");
    auto const other_work = open_another();
    auto const done = run(work().transaction([&](Repositories& in) -> Task<Result<void>> {
        co_await in.contents().insert(content);
        auto const seen = co_await in.contents().find(content.id);
        EXPECT_TRUE(seen);
        EXPECT_FALSE(run_task(other_work->repositories().contents().find(content.id)));
        co_return Result<void>{};
    }));
    EXPECT_TRUE(done.has_value());
    EXPECT_TRUE(run(other_work->repositories().contents().find(content.id)));
}

TEST_P(UnitOfWorkContract, WhatIsCommittedIsSeenAtOnceByOthers) {
    auto const other_work = open_another();
    auto const content = add_content();
    for (int i = 0; i < 200; ++i) {
        // Both read all the time, so that a stale view would be used again.
        auto const changes = ContentChanges().set(&ContentDescription::title, std::to_string(i));
        auto& writing = i % 2 == 0 ? work() : *other_work;
        auto& reading = i % 2 == 0 ? *other_work : work();
        run(reading.repositories().contents().find(content.id));
        run(writing.repositories().contents().update(content.id, changes, at(i)));
        ASSERT_EQ(run(reading.repositories().contents().find(content.id)).value().title, std::to_string(i));
        ASSERT_EQ(run(writing.repositories().contents().find(content.id)).value().title, std::to_string(i));
    }
}

TEST_P(UnitOfWorkContract, StepsThatWriteAroundTheirTransactionAreStopped) {
    if (!has_one_writer()) GTEST_SKIP() << "several may write at once";
    auto const content = make_content("around");
    auto wrong = [&](Repositories&) -> Task<Result<void>> {
        co_await repositories().contents().insert(content);
        co_return Result<void>{};
    };
    EXPECT_THROW((void)run(work().transaction(wrong)), std::logic_error);
    EXPECT_FALSE(exists(content.id));
}

TEST_P(UnitOfWorkContract, Checks) { EXPECT_TRUE(run(work().check())); }

/// Each of several threads has coroutines that each make transactions one after another.
class ManyWriters {
public:
    ManyWriters(UnitOfWork& work, int threads, int coroutines, int rounds)
        : work_(work), threads_(threads), coroutines_(coroutines), rounds_(rounds) {}

    /// `steps(repositories, number)` for every number; how many returned a value, an Error, and threw.
    struct Counts {
        std::atomic<int> committed{0}, refused{0}, thrown{0};
    };
    using NumberedSteps = std::function<Task<Result<void>>(Repositories&, int)>;

    /// Throws what a coroutine throws, when all have ended.
    void run(NumberedSteps const& steps) {
        std::vector<std::future<void>> threads;
        for (int t = 0; t < threads_; ++t) {
            threads.push_back(std::async(std::launch::async, [this, &steps, t] { run_one_thread(steps, t); }));
        }
        for (auto& thread : threads) thread.get();
    }

    Counts counts;

private:
    void run_one_thread(NumberedSteps const& steps, int thread) {
        asio::io_context loop;
        std::vector<std::future<void>> outcomes;
        for (int c = 0; c < coroutines_; ++c) {
            auto const first = (thread * coroutines_ + c) * rounds_;
            outcomes.push_back(asio::co_spawn(loop, write(steps, first), asio::use_future));
        }
        loop.run();
        for (auto& outcome : outcomes) outcome.get();
    }

    Task<> write(NumberedSteps const& steps, int first) {
        auto const thread = std::this_thread::get_id();
        for (int i = first; i < first + rounds_; ++i) {
            UnitOfWork::Steps const numbered = [&steps, i](Repositories& in) { return steps(in, i); };
            try {
                auto const done = co_await work_.transaction(numbered);
                ++(done.has_value() ? counts.committed : counts.refused);
            } catch (std::out_of_range const&) {
                ++counts.thrown;
            }
            EXPECT_EQ(std::this_thread::get_id(), thread) << "resumed on another executor";
        }
    }

    UnitOfWork& work_;
    int threads_, coroutines_, rounds_;
};

TEST_P(UnitOfWorkContract, ConcurrentTransactionsAllCommit) {
    ManyWriters writers(work(), 4, 25, 4);
    writers.run([](Repositories& in, int number) -> Task<Result<void>> {
        auto const content = make_content(std::to_string(number));
        co_await in.contents().insert(content);
        auto const seen = co_await in.contents().find(content.id);
        EXPECT_TRUE(seen);
        co_return Result<void>{};
    });
    EXPECT_EQ(writers.counts.committed, 400);
    ContentQuery const all{.limit = 1000};
    EXPECT_EQ(run(repositories().contents().list(all)).size(), 400U);
}

TEST_P(UnitOfWorkContract, AFailingTransactionHarmsNoneOfItsNeighbours) {
    ManyWriters writers(work(), 3, 20, 5);
    writers.run([](Repositories& in, int number) -> Task<Result<void>> {
        auto const content = make_content(std::to_string(number));
        co_await in.contents().insert(content);
        if (number % 3 == 1) co_return Error(ErrorCode::forbidden);
        if (number % 3 == 2) throw std::out_of_range("expected here");
        co_return Result<void>{};
    });
    EXPECT_EQ(writers.counts.committed, 100);
    EXPECT_EQ(writers.counts.refused, 100);
    EXPECT_EQ(writers.counts.thrown, 100);
    ContentQuery const query{.limit = 1000};
    auto const all = run(repositories().contents().list(query));
    EXPECT_EQ(all.size(), 100U);
    for (auto const& content : all) EXPECT_EQ(std::stoi(content.title) % 3, 0);
}

TEST_P(UnitOfWorkContract, OfManyWhoTakeTheSameKeyOneGetsIt) {
    ManyWriters writers(work(), 4, 10, 1);
    writers.run([](Repositories& in, int) -> Task<Result<void>> {
        User const user{
            .id = new_uuid(), .email = "a@b.c", .email_key = "a@b.c", .password_hash = "", .created_at = at(0)};
        co_return co_await in.users().insert(user);
    });
    EXPECT_EQ(writers.counts.committed, 1);
    EXPECT_EQ(writers.counts.refused, 39);
    EXPECT_EQ(run(repositories().users().list({})).size(), 1U);
}

TEST_P(UnitOfWorkContract, IncrementsAreNotLost) {
    auto const content = add_content();
    auto const zero = ContentChanges().set(&ContentDescription::duration, 0);
    run(repositories().contents().update(content.id, zero, at(0)));
    auto const other_work = open_another();
    auto increment = [&](Repositories& in, int) -> Task<Result<void>> {
        auto const seen = co_await in.contents().find(content.id);
        auto const next = seen.value().duration.value() + 1;
        auto const changes = ContentChanges().set(&ContentDescription::duration, next);
        co_await in.contents().update(content.id, changes, at(1));
        co_return Result<void>{};
    };
    ManyWriters writers(work(), 2, 10, 5);
    ManyWriters other_writers(*other_work, 2, 10, 5);
    auto elsewhere = std::async(std::launch::async, [&] { other_writers.run(increment); });
    writers.run(increment);
    elsewhere.get();
    EXPECT_EQ(run(repositories().contents().find(content.id)).value().duration, 200);
}

TEST_P(UnitOfWorkContract, ReadersSeeTransactionsWholeOrNotAtAll) {
    auto const left = add_content();
    auto const right = add_content();
    auto writer = std::async(std::launch::async, [&] {
        for (int i = 0; i < 100; ++i) {
            auto const moved = run(work().transaction([&](Repositories& in) -> Task<Result<void>> {
                auto const changes = ContentChanges().set(&ContentDescription::title, std::to_string(i));
                co_await in.contents().update(left.id, changes, at(i));
                co_await in.contents().update(right.id, changes, at(i));
                co_return Result<void>{};
            }));
            EXPECT_TRUE(moved.has_value());
        }
    });
    do {
        ContentQuery const query;
        auto const both = run(repositories().contents().list(query));
        ASSERT_EQ(both.size(), 2U);
        ASSERT_EQ(both[0].title, both[1].title);
    } while (writer.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
    writer.get();
}

class DatabasePortContract : public DriverContract {};
INSTANTIATE_TEST_SUITE_P(Drivers, DatabasePortContract, ::testing::ValuesIn(all_database_drivers()));

TEST_P(DatabasePortContract, CountsRowsChangedOrReturned) {
    add_content();
    add_content();
    static constexpr db::Statement update{"object_unlink", "DELETE FROM content_objects WHERE content_id = $1"};
    std::array<db::Value, 1> const parameters{Uuid{}};
    db::OnRow const ignore = [](db::Row const&) {};
    EXPECT_EQ(run(database().run(update, parameters, ignore)).value(), 0U);
    ContentQuery const query;
    EXPECT_EQ(run(repositories().contents().list(query)).size(), 2U);
}

TEST_P(DatabasePortContract, TheWrongNumberOfParametersIsADefect) {
    static constexpr db::Statement wrong{"object_unlink", "DELETE FROM content_objects WHERE content_id = $1"};
    db::OnRow const ignore = [](db::Row const&) {};
    EXPECT_THROW((void)run(database().run(wrong, {}, ignore)), std::logic_error);
}

}  // namespace
}  // namespace clinikk::testing
