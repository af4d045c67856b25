#include <atomic>
#include <future>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ThrottleStoreContract : public DatabaseContract {
protected:
    ThrottleRepository& throttles() { return repositories().throttles(); }

    bool charge(std::string_view name, ThrottleRule rule, Timestamp when, bool even_if_waiting = true) {
        return run(throttles().charge({Sha256::of(name), rule, when, even_if_waiting}));
    }
    std::optional<ThrottleRow> find(std::string_view name, Timestamp when = at(0)) {
        auto const key = Sha256::of(name);
        auto const rows = run(throttles().find({key, key, key, key}, when));
        EXPECT_LE(rows.size(), 1U);
        return rows.empty() ? std::nullopt : std::optional(rows.front());
    }

    static constexpr auto growing = ThrottleRule::growing(3);
    static constexpr auto steady = ThrottleRule::steady(4, seconds(10));
};
INSTANTIATE_TEST_SUITE_P(Databases, ThrottleStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(ThrottleStoreContract, FindsTheRowsOfFourSubjects) {
    charge("a", growing, at(0));
    charge("b", growing, at(0));
    charge("c", growing, at(0));
    auto const rows =
        run(throttles().find({Sha256::of("a"), Sha256::of("c"), Sha256::of("d"), Sha256::of("e")}, at(0)));
    EXPECT_EQ(rows.size(), 2U);
    EXPECT_FALSE(find("d"));
}

/// For each number of attempts, the row is what the rule says.
TEST_P(ThrottleStoreContract, CountsAsTheRuleSays) {
    for (auto const& rule : {growing, steady}) {
        auto const name = rule.free > 1 ? "growing" : "steady";
        ThrottleRow expected;
        auto when = at(0);
        for (int number = 1; number <= 16; ++number) {
            SCOPED_TRACE(std::string(name) + ", attempt " + std::to_string(number));
            EXPECT_TRUE(charge(name, rule, when));
            expected = after_attempt(expected, rule, when);
            auto const row = find(name, when).value();
            EXPECT_EQ(row.count, number);
            EXPECT_EQ(row.count, expected.count);
            EXPECT_EQ(row.wait_until, expected.wait_until);
            EXPECT_EQ(row.expires_at, expiry_of_attempt(when));
            when += milliseconds(1500);
        }
        EXPECT_EQ(find(name, when)->wait_until - to_milliseconds(when - milliseconds(1500)),
                  rule.free > 1 ? 3'600'000 : 16 * 10'000 - 15 * 1500);
    }
}

TEST_P(ThrottleStoreContract, ForgetsAnHourAfterTheWaitAndWhatAWrongClockWrote) {
    for (int i = 0; i < 4; ++i) charge("a", growing, at(0));
    auto const end = at(15);
    EXPECT_EQ(find("a")->wait_until, to_milliseconds(end));
    charge("a", growing, end + hours(1));
    EXPECT_EQ(find("a", end + hours(1))->count, 5);
    auto const second_end = end + hours(1) + seconds(20);
    EXPECT_EQ(find("a", end + hours(1))->wait_until, to_milliseconds(second_end));
    charge("a", growing, second_end + hours(1) + milliseconds(1));
    EXPECT_EQ(find("a", second_end + hours(1))->count, 1);
    EXPECT_EQ(find("a", second_end + hours(1))->wait_until, to_milliseconds(second_end + hours(1) + milliseconds(1)));
    EXPECT_TRUE(charge("a", growing, at(-24 * 3600), false)) << "the clock was set back";
    EXPECT_EQ(find("a", at(-24 * 3600))->count, 1);
    EXPECT_EQ(find("a", at(-24 * 3600))->wait_until, to_milliseconds(at(-24 * 3600)));
}

TEST_P(ThrottleStoreContract, RefusesWhoMustWaitAndCountsNothing) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(charge("a", growing, at(0), false));
    EXPECT_FALSE(charge("a", growing, at(0), false));
    EXPECT_FALSE(charge("a", growing, at(5) - milliseconds(1), false));
    EXPECT_EQ(find("a")->count, 3);
    EXPECT_TRUE(charge("a", growing, at(5), false));
    EXPECT_TRUE(charge("a", growing, at(5), true));
    EXPECT_EQ(find("a")->count, 5);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(charge("b", steady, at(0), false));
    EXPECT_FALSE(charge("b", steady, at(10) - milliseconds(1), false));
    EXPECT_TRUE(charge("b", steady, at(10), false));
    EXPECT_FALSE(charge("b", steady, at(10), false));
}

TEST_P(ThrottleStoreContract, RemembersAndForgets) {
    run(throttles().remember(Sha256::of("a"), at(10)));
    EXPECT_EQ(find("a", at(9))->count, 0);
    EXPECT_FALSE(find("a", at(10)));
    run(throttles().remember(Sha256::of("a"), at(20)));
    EXPECT_EQ(find("a", at(10))->expires_at, at(20));
    run(throttles().forget(Sha256::of("a")));
    EXPECT_FALSE(find("a", at(0)));
    run(throttles().forget(Sha256::of("a")));
}

TEST_P(ThrottleStoreContract, RemovesWhatHasExpiredInSteps) {
    for (int i = 0; i < 5; ++i) run(throttles().remember(Sha256::of(std::to_string(i)), at(i)));
    EXPECT_EQ(run(throttles().remove_expired(at(4), 3)), 3U);
    EXPECT_FALSE(find("2", at(-1))) << "the oldest first";
    EXPECT_TRUE(find("3", at(-1)));
    EXPECT_EQ(run(throttles().remove_expired(at(4), 3)), 1U);
    EXPECT_EQ(run(throttles().remove_expired(at(4), 3)), 0U);
    EXPECT_TRUE(find("4", at(-1)));
}

/// Of attempts at the same time, from several ways in, exactly as many are let through as the rule says.
TEST_P(ThrottleStoreContract, LetsNoMoreThroughAtOnceThanOneByOne) {
    constexpr int threads = 4;
    std::atomic<int> taken{0};
    std::vector<std::future<void>> running;
    for (int thread = 0; thread < threads; ++thread) {
        running.push_back(std::async(std::launch::async, [&] {
            auto const other = open_another();
            for (int i = 0; i < 10; ++i) {
                ThrottleCharge const charge{Sha256::of("a"), ThrottleRule::steady(7, seconds(60)), at(0)};
                if (run(other->repositories().throttles().charge(charge))) ++taken;
            }
        }));
    }
    for (auto& thread : running) thread.get();
    EXPECT_EQ(taken, 7);
    EXPECT_EQ(find("a")->count, 7);
}

}  // namespace
}  // namespace clinikk::testing
