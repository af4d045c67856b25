#pragma once

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/log.hpp"
#include "db/database.hpp"
#include "domain/signals.hpp"

namespace clinikk::db {

/// Signals that poll the outbox: one point read along its primary key for each interval, or earlier when code that
/// knows of an event wakes it.
///
/// It assumes that sequence numbers become visible in their order. That holds if one transaction at a time writes
/// events: SQLite has one writer, and on PostgreSQL a trigger takes the number under a lock that is held until the
/// commit.
class PollingSignals final : public Signals {
public:
    /// `database` and `log` must outlive it.
    PollingSignals(Session& database, Log& log, std::chrono::milliseconds interval = std::chrono::milliseconds(250));

    void subscribe(Listener listener) override;

    /// Passes on the events that are published from now on, until it is cancelled (terminal cancellation of the
    /// coroutine). When the database fails, it logs that and goes on later without having missed anything.
    Task<> run();

    /// Polls at once instead of at the end of the interval. Call it on the loop that runs it.
    void wake();

private:
    Task<bool> poll();
    void tell(Event const& event);

    Session& database_;
    Log& log_;
    std::chrono::milliseconds interval_;
    std::vector<Listener> listeners_;
    boost::asio::steady_timer* timer_ = nullptr;  ///< set while it runs
    bool woken_ = false;
    std::int64_t last_ = -1;  ///< the last sequence number passed on; negative until the end of the outbox is known
};

}  // namespace clinikk::db
