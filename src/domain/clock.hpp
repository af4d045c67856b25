#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>

#include "base/async/task.hpp"
#include "base/time.hpp"

namespace clinikk {

/// A wait that can be ended early. One coroutine waits at a time; it and `cancel` run on the timer's executor.
class Timer {
public:
    virtual ~Timer() = default;

    /// Returns when that time has passed, or when `cancel` is called.
    virtual Task<> wait(std::chrono::nanoseconds duration) = 0;

    /// Ends the wait that is under way, if there is one.
    virtual void cancel() = 0;
};

/// Time, for every rule that depends on it: leases, expiry, retention, delays. A test has a clock that it advances.
/// Measurements and the timeouts of I/O do not use it. Thread-safe.
class Clock {
public:
    /// A moment without a date. Only differences between such moments have a meaning.
    using SteadyTime = std::chrono::steady_clock::time_point;

    virtual ~Clock() = default;

    /// The wall clock, which may be set back.
    virtual Timestamp now() const = 0;

    /// A clock that is never set back.
    virtual SteadyTime steady_now() const = 0;

    /// Makes a timer on `executor`, which must run on one thread. The clock must outlive the timer.
    virtual std::unique_ptr<Timer> make_timer(boost::asio::any_io_executor const& executor) = 0;
};

}  // namespace clinikk
