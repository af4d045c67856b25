#include "app/account_removal_job.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk::app {

Task<> resume_removals_every_minute(AccountRemover& remover, Log& log) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (true) {
        try {
            co_await remover.resume();
        } catch (std::exception const& failure) {
            log.warning("account.removal_failed", {{"error", failure.what()}});
        }
        timer.expires_after(std::chrono::seconds(60));
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

}  // namespace clinikk::app
