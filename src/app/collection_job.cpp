#include "app/collection_job.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/process_name.hpp"

namespace clinikk::app {
namespace {

constexpr std::chrono::seconds collection_interval{60};

Task<> collect_once(Collector& collector, CollectionLock& lock, Log& log) {
    auto name = process_name();
    auto const attempt = co_await lock.try_claim(std::move(name));
    if (!attempt.claim) {
        log.debug("collection.skipped", {{"holder", attempt.holder}});
        co_return;
    }
    Collector::Report const report = [&log](std::string_view what, std::string_view removed) {
        log.info("collection.item_removed", {{"what", what}, {"name", removed}});
    };
    co_await collector.collect(false, report);
    co_await attempt.claim->release();
    log.debug("collection.ended");
}

}  // namespace

Task<> collect_every_minute(Collector& collector, CollectionLock& lock, Log& log) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (true) {
        timer.expires_after(collection_interval);
        co_await timer.async_wait(boost::asio::use_awaitable);
        try {
            co_await collect_once(collector, lock, log);
        } catch (std::exception const& failure) {
            log.warning("collection.failed", {{"error", failure.what()}});
        }
    }
}

}  // namespace clinikk::app
