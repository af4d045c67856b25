#pragma once

#include <functional>
#include <memory>

#include "base/async/blocking_pool.hpp"
#include "base/async/task.hpp"

namespace clinikk {

/// Blocking work that goes on while the coroutine that started it goes on too. One piece at a time. The work must
/// own what it touches: it is not waited for when this is destroyed.
class BackgroundJob {
public:
    /// `pool` must outlive the work.
    explicit BackgroundJob(BlockingPool& pool) : pool_(pool) {}

    /// Hands `work` to the pool. Only when nothing is under way.
    void start(std::function<void()> work);

    /// Waits until nothing is under way; at once if so. What the work threw is thrown here.
    Task<> wait();

private:
    struct State;
    BlockingPool& pool_;
    std::shared_ptr<State> state_;
};

}  // namespace clinikk
