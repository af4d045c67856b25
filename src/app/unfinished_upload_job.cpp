#include "app/unfinished_upload_job.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk::app {

Task<> finish_uploads_every_minute(ResumableUploadService& uploads, Log& log) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (true) {
        timer.expires_after(std::chrono::seconds(60));
        co_await timer.async_wait(boost::asio::use_awaitable);
        try {
            co_await uploads.finish_unfinished();
        } catch (std::exception const& failure) {
            log.warning("uploads.finish_failed", {{"error", failure.what()}});
        }
    }
}

}  // namespace clinikk::app
