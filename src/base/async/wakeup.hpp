#pragma once

#include <memory>

#include "base/async/task.hpp"

namespace clinikk {

/// Wakes one coroutine, from any thread. A wake that comes while nobody waits is kept for the next wait.
class Wakeup {
public:
    /// For a coroutine that runs on that executor, which must be of one thread.
    explicit Wakeup(boost::asio::any_io_executor const& executor);

    /// Thread-safe. The executor must still live.
    void wake() const;

    /// Waits for the next wake. May return without one: the caller looks again at what it waits for.
    Task<> wait() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
