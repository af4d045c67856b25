#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <memory>

#include "app/system_clock.hpp"
#include "support/fakes/test_clock.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// A clock, and how a test has time pass on it.
class ClockUnderTest {
public:
    virtual ~ClockUnderTest() = default;
    virtual Clock& clock() = 0;
    virtual Task<> pass(milliseconds duration) = 0;
};

class SystemClockUnderTest final : public ClockUnderTest {
public:
    Clock& clock() override { return clock_; }
    Task<> pass(milliseconds duration) override {
        auto const timer = clock_.make_timer(co_await asio::this_coro::executor);
        co_await timer->wait(duration);
    }

private:
    app::SystemClock clock_;
};

class TestClockUnderTest final : public ClockUnderTest {
public:
    Clock& clock() override { return clock_; }
    Task<> pass(milliseconds duration) override { return clock_.advance(duration); }

private:
    TestClock clock_;
};

using MakeClock = std::unique_ptr<ClockUnderTest> (*)();

class ClockContract : public ::testing::TestWithParam<MakeClock> {
protected:
    Clock& clock() { return under_test_->clock(); }

    std::unique_ptr<ClockUnderTest> under_test_ = GetParam()();
};
INSTANTIATE_TEST_SUITE_P(
    Clocks, ClockContract,
    ::testing::Values([]() -> std::unique_ptr<ClockUnderTest> { return std::make_unique<SystemClockUnderTest>(); },
                      []() -> std::unique_ptr<ClockUnderTest> { return std::make_unique<TestClockUnderTest>(); }));

TEST_P(ClockContract, BothTimesGoOn) {
    auto const wall = clock().now();
    auto const steady = clock().steady_now();
    run_task(under_test_->pass(milliseconds(20)));
    EXPECT_GE(clock().steady_now() - steady, milliseconds(20));
    EXPECT_GT(clock().now(), wall);
}

/// Waits that long, and counts how often it has waited.
Task<> wait(Timer& timer, milliseconds duration, int& ended) {
    co_await timer.wait(duration);
    ++ended;
}

TEST_P(ClockContract, AWaitEndsAtItsTimeOrWhenItIsCancelled) {
    auto const steps = [&]() -> Task<> {
        auto const executor = co_await asio::this_coro::executor;
        auto const timer = clock().make_timer(executor);
        int ended = 0;
        timer->cancel();
        asio::co_spawn(executor, wait(*timer, milliseconds(5), ended), asio::detached);
        EXPECT_EQ(ended, 0);
        co_await under_test_->pass(milliseconds(200));
        EXPECT_EQ(ended, 1);

        asio::co_spawn(executor, wait(*timer, std::chrono::hours(1), ended), asio::detached);
        co_await under_test_->pass(milliseconds(1));
        EXPECT_EQ(ended, 1);
        timer->cancel();
        co_await under_test_->pass(milliseconds(1));
        EXPECT_EQ(ended, 2) << "cancelled";
    };
    run_task(steps());
}

TEST_P(ClockContract, TimersEndInTheirOrder) {
    auto const steps = [&]() -> Task<> {
        auto const executor = co_await asio::this_coro::executor;
        auto const late = clock().make_timer(executor);
        auto const early = clock().make_timer(executor);
        std::vector<int> order;
        auto const note = [&order](Timer& timer, milliseconds duration, int name) -> Task<> {
            co_await timer.wait(duration);
            order.push_back(name);
        };
        asio::co_spawn(executor, note(*late, milliseconds(40), 2), asio::detached);
        asio::co_spawn(executor, note(*early, milliseconds(5), 1), asio::detached);
        co_await under_test_->pass(milliseconds(400));
        std::vector const expected{1, 2};
        EXPECT_EQ(order, expected);
    };
    run_task(steps());
}

}  // namespace
}  // namespace clinikk::testing
