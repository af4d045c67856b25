#include "support/fakes/test_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace clinikk::testing {

namespace asio = boost::asio;

class TestClock::FakeTimer final : public Timer {
public:
    FakeTimer(TestClock& clock, asio::any_io_executor const& executor) : clock_(clock), timer_(executor) {}
    FakeTimer(FakeTimer const&) = delete;
    FakeTimer& operator=(FakeTimer const&) = delete;
    ~FakeTimer() override { cancel(); }

    Task<> wait(std::chrono::nanoseconds duration) override {
        due_ = clock_.elapsed_ + duration;
        clock_.waiting_.push_back(this);
        timer_.expires_at(asio::steady_timer::time_point::max());
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    void cancel() override {
        std::erase(clock_.waiting_, this);
        timer_.cancel();
    }

    std::chrono::nanoseconds due() const { return due_; }

private:
    TestClock& clock_;
    asio::steady_timer timer_;
    std::chrono::nanoseconds due_{0};
};

namespace {

/// Lets everything that can go on do so: fakes never wait, so that a few turns of the loop are enough.
Task<> settle() {
    auto const executor = co_await asio::this_coro::executor;
    for (int turn = 0; turn < 4; ++turn) co_await asio::post(executor, asio::use_awaitable);
}

}  // namespace

Timestamp TestClock::now() const {
    using std::chrono::microseconds;
    return Timestamp(std::chrono::seconds(1'700'000'000)) +
           std::chrono::duration_cast<microseconds>(elapsed_ + set_by_);
}

Clock::SteadyTime TestClock::steady_now() const { return SteadyTime(std::chrono::hours(1000) + elapsed_); }

std::unique_ptr<Timer> TestClock::make_timer(asio::any_io_executor const& executor) {
    return std::make_unique<FakeTimer>(*this, executor);
}

Task<> TestClock::advance(std::chrono::nanoseconds duration) {
    auto const until = elapsed_ + duration;
    while (true) {
        co_await settle();
        auto const next = std::ranges::min_element(waiting_, {}, &FakeTimer::due);
        if (next == waiting_.end() || (*next)->due() > until) break;
        elapsed_ = std::max(elapsed_, (*next)->due());
        (*next)->cancel();
    }
    elapsed_ = until;
}

}  // namespace clinikk::testing
