#include "base/async/wakeup.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk {

namespace asio = boost::asio;

struct Wakeup::State {
    asio::steady_timer timer;
    bool woken = false;  ///< touched on the executor's thread only

    explicit State(asio::any_io_executor const& executor) : timer(executor) {}
};

Wakeup::Wakeup(asio::any_io_executor const& executor) : state_(std::make_shared<State>(executor)) {}

void Wakeup::wake() const {
    asio::post(state_->timer.get_executor(), [state = state_] {
        state->woken = true;
        state->timer.cancel();
    });
}

Task<> Wakeup::wait() const {
    auto const state = state_;
    if (!std::exchange(state->woken, false)) {
        state->timer.expires_at(asio::steady_timer::time_point::max());
        co_await state->timer.async_wait(asio::as_tuple(asio::use_awaitable));
        state->woken = false;
    }
}

}  // namespace clinikk
