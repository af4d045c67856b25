#include "app/system_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk::app {
namespace {

namespace asio = boost::asio;

class SystemTimer final : public Timer {
public:
    explicit SystemTimer(asio::any_io_executor const& executor) : timer_(executor) {}

    Task<> wait(std::chrono::nanoseconds duration) override {
        timer_.expires_after(duration);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    void cancel() override { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

}  // namespace

Timestamp SystemClock::now() const { return clinikk::now(); }

Clock::SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

std::unique_ptr<Timer> SystemClock::make_timer(asio::any_io_executor const& executor) {
    return std::make_unique<SystemTimer>(executor);
}

}  // namespace clinikk::app
