#pragma once

#include "domain/clock.hpp"

namespace clinikk::app {

/// The clocks of the operating system, and timers of Asio.
class SystemClock final : public Clock {
public:
    Timestamp now() const override;
    SteadyTime steady_now() const override;
    std::unique_ptr<Timer> make_timer(boost::asio::any_io_executor const& executor) override;
};

}  // namespace clinikk::app
