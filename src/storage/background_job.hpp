#pragma once

#include <functional>
#include <memory>

#include "base/async/blocking_pool.hpp"
#include "base/async/task.hpp"

namespace clinikk {

/// Blocking work that runs while the coroutine that started it goes on. One piece of work at a time. The work must own
/// what it touches, because the destructor does not wait for it.
class BackgroundJob {
public:
    /// `pool` must outlive the work.
    explicit BackgroundJob(BlockingPool& pool) : pool_(pool) {}

    /// Passes `work` to the pool. No other work may be under way.
    void start(std::function<void()> work);

    /// Waits until no work is under way. The exceptions of the work are thrown here.
    Task<> wait();

private:
    struct State;
    BlockingPool& pool_;
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
