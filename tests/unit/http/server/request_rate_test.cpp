#include "http/server/request_rate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace clinikk::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RequestRateTest : public ::testing::Test {
protected:
    bool take(std::string_view caller = "ada") { return rate_.take(caller, now_).is_allowed; }

    RequestRate rate_{2};
    RequestRate::Time now_{std::chrono::hours(1000)};
};

TEST_F(RequestRateTest, AFullBucketHasTheRequestsOfTenSecondsAndFillsAtTheRate) {
    for (int i = 0; i < 20; ++i) {
        auto const taken = rate_.take("ada", now_);
        ASSERT_TRUE(taken.is_allowed) << i;
        EXPECT_EQ(taken.quota.left, 19 - i);
        EXPECT_EQ(taken.quota.reset, std::chrono::ceil<seconds>(milliseconds(500) * (i + 1)));
        EXPECT_EQ(taken.quota.size, 20);
        EXPECT_EQ(taken.quota.window, seconds(10));
    }
    auto const refused = rate_.take("ada", now_);
    EXPECT_FALSE(refused.is_allowed);
    EXPECT_EQ(refused.quota.left, 0);
    EXPECT_EQ(refused.quota.reset, seconds(1));
    now_ += milliseconds(499);
    EXPECT_FALSE(take()) << "a refusal costs nothing, but half a second has not passed";
    now_ += milliseconds(1);
    EXPECT_TRUE(take());
    EXPECT_FALSE(take());
    now_ += seconds(100);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(take()) << "it never holds more";
    EXPECT_FALSE(take());
}

TEST_F(RequestRateTest, EachCallerHasABucketOfItsOwn) {
    while (take()) {
    }
    EXPECT_TRUE(take("bob"));
    EXPECT_TRUE(take(""));
    EXPECT_TRUE(take(std::string(1000, 'x')));
}

TEST_F(RequestRateTest, ManyCallersDoNotMakeRoomForOneThatIsOverItsLimit) {
    RequestRate rate(1, 1024);
    while (rate.take("ada", now_).is_allowed) {
    }
    for (int i = 0; i < 100'000; ++i) rate.take("caller " + std::to_string(i), now_);
    EXPECT_FALSE(rate.take("ada", now_).is_allowed) << "those that have asked once are fuller";
}

TEST_F(RequestRateTest, NoRequestIsLetThroughTwiceByThreadsThatAskAtOnce) {
    RequestRate rate(100);
    std::atomic<int> allowed{0};
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&] {
                for (int i = 0; i < 1000; ++i) allowed += rate.take("ada", now_).is_allowed ? 1 : 0;
            });
        }
    }
    EXPECT_EQ(allowed, 1000);
}

/// The bar is 1 µs; the build of the tests is not optimised, and the machine may be busy.
TEST_F(RequestRateTest, IsCheap) {
    RequestRate rate(1'000'000);
    constexpr int count = 200'000;
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < 5; ++round) {
        auto const began = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) rate.take("2001:db8:1:2::/64", began);
        best = std::min(best, (std::chrono::steady_clock::now() - began) / count);
    }
    RecordProperty("nanoseconds", static_cast<int>(best.count()));
    EXPECT_LT(best, std::chrono::microseconds(5));
}

}  // namespace
}  // namespace clinikk::http
