#pragma once

#include <chrono>
#include <vector>

#include "domain/clock.hpp"

namespace clinikk::testing {

/// A clock that stands still until a test moves it. For one thread; it outlives its timers.
class TestClock final : public Clock {
public:
    Timestamp now() const override;
    SteadyTime steady_now() const override;
    std::unique_ptr<Timer> make_timer(boost::asio::any_io_executor const& executor) override;

    /// Time passes. Each timer that is due on the way fires at its time, and whoever waits for it goes on until it
    /// waits again.
    Task<> advance(std::chrono::nanoseconds duration);

    /// Time passes while this process stands still: no timer fires before the next `advance`.
    void jump(std::chrono::nanoseconds duration) { elapsed_ += duration; }

    /// Somebody sets the wall clock, so much later; nothing waits for that.
    void set_wall_clock(std::chrono::nanoseconds later) { set_by_ += later; }

private:
    class FakeTimer;

    std::chrono::nanoseconds elapsed_{0};
    std::chrono::nanoseconds set_by_{0};
    std::vector<FakeTimer*> waiting_;
};

}  // namespace clinikk::testing
