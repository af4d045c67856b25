// What every lock on collecting must do. `database()` and `open_driver()` are two processes' ways in.

#include <thread>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class CollectionLockContract : public DriverContract {
protected:
    CollectionLock::Attempt try_claim(db::Database& database, std::string holder) {
        return run(database.collection_lock().try_claim(std::move(holder)));
    }

    void release(CollectionLock::Attempt const& attempt) { run_task(attempt.claim->release()); }
};

INSTANTIATE_TEST_SUITE_P(Drivers, CollectionLockContract, ::testing::ValuesIn(all_database_drivers()));

TEST_P(CollectionLockContract, IsHadByOneAtATimeWhoIsNamed) {
    auto const other = open_driver();
    auto const first = try_claim(database(), "first:1");
    ASSERT_TRUE(first.claim);
    EXPECT_EQ(first.holder, "");
    auto const second = try_claim(*other, "second:2");
    EXPECT_FALSE(second.claim);
    EXPECT_EQ(second.holder, "first:1");
    // Not even by the process that has it.
    EXPECT_FALSE(try_claim(database(), "first:1").claim);
}

TEST_P(CollectionLockContract, IsFreeWhenItWasReleased) {
    auto const other = open_driver();
    for (int round = 0; round < 20; ++round) {
        auto const first = try_claim(database(), "first");
        ASSERT_TRUE(first.claim) << round;
        release(first);
        auto const second = try_claim(*other, "second");
        ASSERT_TRUE(second.claim) << round;
        EXPECT_EQ(try_claim(database(), "first").holder, "second");
        release(second);
    }
}

TEST_P(CollectionLockContract, EndsWithItsClaim) {
    auto const other = open_driver();
    {
        auto const first = try_claim(database(), "first");
    }
    // A server takes a moment to notice that the connection was closed.
    bool is_free = false;
    for (int attempt = 0; attempt < 1000 && !is_free; ++attempt) {
        is_free = try_claim(*other, "second").claim != nullptr;
        if (!is_free) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(is_free);
}

TEST_P(CollectionLockContract, LeavesTheDatabaseToBeWorkedWith) {
    auto const claimed = try_claim(database(), "first");
    ASSERT_TRUE(claimed.claim);
    auto const user = add_user("beside@example.com");
    auto const found = run(repositories().users().find(user));
    EXPECT_TRUE(found.has_value());
}

TEST_P(CollectionLockContract, TakesANameOfAnyLength) {
    auto const other = open_driver();
    std::string const name(500, 'x');
    auto const first = try_claim(database(), name);
    ASSERT_TRUE(first.claim);
    auto const second = try_claim(*other, "second");
    EXPECT_FALSE(second.claim);
    EXPECT_TRUE(name.starts_with(second.holder) && second.holder.size() >= 40) << second.holder;
}

}  // namespace
}  // namespace clinikk::testing
