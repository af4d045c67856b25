#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/async/task.hpp"

namespace clinikk {

/// Threads for work that blocks: file syncs, password hashing. A coroutine passes a function, sleeps, and is resumed on
/// its own executor with the result.
class BlockingPool {
public:
    explicit BlockingPool(std::size_t threads);
    BlockingPool(BlockingPool const&) = delete;
    BlockingPool& operator=(BlockingPool const&) = delete;
    /// As `join`.
    ~BlockingPool();

    /// Waits until all work is done; no more work may be passed. The executors of the coroutines that wait for it must
    /// live until then.
    void join();

    /// The number of unfinished jobs, for callers that would rather refuse than queue.
    std::size_t pending() const noexcept { return pending_.load(std::memory_order_relaxed); }

    /// Runs `work` on a thread of the pool. Its exceptions are thrown here.
    template <class Work>
    Task<std::invoke_result_t<Work&>> run(Work work) {
        using Value = std::invoke_result_t<Work&>;
        if constexpr (std::is_void_v<Value>) {
            std::function<void()> job = [&work] { work(); };
            co_await run_job(job);
        } else {
            std::optional<Value> value;
            std::function<void()> job = [&work, &value] { value.emplace(work()); };
            co_await run_job(job);
            co_return std::move(*value);
        }
    }

    /// Runs `work` on a thread of the pool without a result. It must not throw.
    void post(std::function<void()> work);

private:
    Task<> run_job(std::function<void()>& job);

    struct Threads;
    std::unique_ptr<Threads> threads_;
    std::atomic<std::size_t> pending_{0};
};

}  // namespace clinikk
