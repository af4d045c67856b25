#include "db/polling_signals.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {

namespace asio = boost::asio;

namespace {

struct NumberedEvent : Event {
    std::int64_t seq = 0;
};
BOOST_DESCRIBE_STRUCT(NumberedEvent, (Event), (seq))

constexpr Statement find_outbox_end{"signal_find_end", "SELECT COALESCE(MAX(seq), 0) FROM outbox", Sharing::pipelined};

constexpr auto list_sql =
    sql_text("SELECT ", columns<NumberedEvent>, " FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2");
constexpr Statement list_events{"signal_list", list_sql};

constexpr std::array statements{find_outbox_end, list_events};

constexpr std::int64_t batch = 256;

/// A pointer that is set while its target lives.
struct Presence {
    Presence(asio::steady_timer*& where, asio::steady_timer& timer) : where_(where) { where_ = &timer; }
    Presence(Presence const&) = delete;
    Presence& operator=(Presence const&) = delete;
    ~Presence() { where_ = nullptr; }

private:
    asio::steady_timer*& where_;
};

}  // namespace

PollingSignals::PollingSignals(Session& database, Log& log, std::chrono::milliseconds interval)
    : database_(database), log_(log), interval_(interval) {}

void PollingSignals::subscribe(Listener listener) { listeners_.push_back(std::move(listener)); }

Task<> PollingSignals::run() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    Presence const presence(timer_, timer);
    bool failing = false;
    for (;;) {
        woken_ = false;
        bool more = false;
        std::string failure;
        try {
            more = co_await poll();
        } catch (boost::system::system_error const& error) {
            if (error.code() == asio::error::operation_aborted) co_return;
            failure = error.what();
        } catch (std::exception const& error) {
            failure = error.what();
        }
        if (!failure.empty() && !failing) log_.warning("signals.failed", {{"error", failure}});
        if (failure.empty() && failing) log_.info("signals.recovered");
        failing = !failure.empty();
        // A cancelled wait for the database may have ended in any failure.
        auto const cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
        if (more || woken_) continue;

        timer.expires_after(interval_);
        boost::system::error_code aborted;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, aborted));
        if (aborted && !woken_) co_return;
    }
}

void PollingSignals::wake() {
    woken_ = true;
    if (timer_ != nullptr) timer_->cancel();
}

/// Returns whether there may be more events.
Task<bool> PollingSignals::poll() {
    if (last_ < 0) {
        last_ = co_await get_number(database_, find_outbox_end, std::array<Value, 0>{});
        co_return false;
    }
    std::array const parameters{to_value(last_), to_value(batch)};
    auto const events = co_await find_all<NumberedEvent>(database_, list_events, parameters);
    for (auto const& event : events) {
        last_ = event.seq;
        tell(event);
    }
    co_return std::ssize(events) == batch;
}

void PollingSignals::tell(Event const& event) {
    for (auto const& listener : listeners_) {
        try {
            listener(event);
        } catch (std::exception const& error) {
            log_.error("signal.listener_failed", {{"type", event.type}, {"error", error.what()}});
        }
    }
}

std::span<Statement const> signal_statements() { return statements; }

}  // namespace clinikk::db
