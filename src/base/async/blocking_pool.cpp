#include "base/async/blocking_pool.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk {

namespace asio = boost::asio;

struct BlockingPool::Threads {
    asio::thread_pool pool;
    explicit Threads(std::size_t count) : pool(count) {}
};

BlockingPool::BlockingPool(std::size_t threads) : threads_(std::make_unique<Threads>(threads)) {}

BlockingPool::~BlockingPool() { join(); }

void BlockingPool::join() { threads_->pool.join(); }

void BlockingPool::post(std::function<void()> work) {
    pending_.fetch_add(1, std::memory_order_relaxed);
    asio::post(threads_->pool, [this, work = std::move(work)] {
        work();
        pending_.fetch_sub(1, std::memory_order_relaxed);
    });
}

Task<> BlockingPool::run_job(std::function<void()>& job) {
    // use_awaitable throws this exception again in the waiting coroutine.
    auto initiate = [this, &job](auto handler) {
        auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        pending_.fetch_add(1, std::memory_order_relaxed);
        asio::post(threads_->pool, [this, &job, executor, handler = std::move(handler)]() mutable {
            std::exception_ptr failure;
            try {
                job();
            } catch (...) {
                failure = std::current_exception();
            }
            pending_.fetch_sub(1, std::memory_order_relaxed);
            // No reference to the exception stays on this thread: the waiting thread reads it and also frees it.
            asio::post(executor, [handler = std::move(handler), failure = std::move(failure)]() mutable {
                std::move(handler)(std::move(failure));
            });
        });
    };
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void(std::exception_ptr)>(initiate,
                                                                                           asio::use_awaitable);
}

}  // namespace clinikk
