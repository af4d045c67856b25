#include "storage/background_job.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <mutex>
#include <utility>

namespace clinikk {

namespace asio = boost::asio;

struct BackgroundJob::State {
    std::mutex mutex;
    bool is_done = false;
    std::exception_ptr failure;
    std::function<void()> wake;  ///< set while a coroutine waits

    void finish(std::exception_ptr outcome) {
        std::function<void()> waiting;
        {
            std::lock_guard const lock(mutex);
            is_done = true;
            failure = std::move(outcome);
            waiting = std::move(wake);
        }
        if (waiting) waiting();
    }

    /// Returns false when the work is already done.
    bool set_wake(std::function<void()> waiting) {
        std::lock_guard const lock(mutex);
        if (!is_done) wake = std::move(waiting);
        return !is_done;
    }
};

void BackgroundJob::start(std::function<void()> work) {
    state_ = std::make_shared<State>();
    pool_.post([state = state_, work = std::move(work)] {
        std::exception_ptr failure;
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
        state->finish(std::move(failure));
    });
}

Task<> BackgroundJob::wait() {
    auto const state = std::exchange(state_, nullptr);
    if (!state) co_return;
    auto initiate = [state](auto handler) {
        auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        auto const waiting = std::make_shared<decltype(handler)>(std::move(handler));
        auto const wake = [executor, waiting] { asio::post(executor, std::move(*waiting)); };
        if (!state->set_wake(wake)) wake();
    };
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void()>(initiate, asio::use_awaitable);
    // The thread that did the work may still hold the state. It must not be the thread that frees the exception.
    if (auto failure = std::exchange(state->failure, nullptr)) std::rethrow_exception(std::move(failure));
}

}  // namespace clinikk
