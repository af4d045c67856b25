#pragma once

#include <memory>

#include "base/async/task.hpp"

namespace clinikk {

/// Wakes one coroutine, from any thread. A wake that comes while no coroutine waits counts for the next wait.
class Wakeup {
public:
    /// For a coroutine on that executor, which must run on one thread.
    explicit Wakeup(boost::asio::any_io_executor const& executor);

    /// Thread-safe. The executor must still exist.
    void wake() const;

    /// Waits for the next wake. It may return without one, so the caller must check its condition again.
    Task<> wait() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
