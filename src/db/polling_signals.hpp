#pragma once

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/log.hpp"
#include "db/database.hpp"
#include "domain/signals.hpp"

namespace clinikk::db {

/// Signals by asking the outbox again and again: one point read along its primary key per interval, and sooner when
/// somebody who knows of an event wakes it.
///
/// It takes for granted that sequence numbers become visible in their order, which holds where there is one writer
/// at a time, as on SQLite. On PostgreSQL a trigger takes the number under a lock that is held until the commit.
class PollingSignals final : public Signals {
public:
    /// `database` and `log` must outlive it.
    PollingSignals(Session& database, Log& log, std::chrono::milliseconds interval = std::chrono::milliseconds(250));

    void subscribe(Listener listener) override;

    /// Tells what is published from now on, until it is cancelled (terminal cancellation of the coroutine). When the
    /// database fails it logs that and goes on, having missed nothing.
    Task<> run();

    /// Asks at once instead of at the end of the interval. On the loop that runs it.
    void wake();

private:
    Task<bool> poll();
    void tell(Event const& event);

    Session& database_;
    Log& log_;
    std::chrono::milliseconds interval_;
    std::vector<Listener> listeners_;
    boost::asio::steady_timer* timer_ = nullptr;  ///< while it runs
    bool woken_ = false;
    std::int64_t last_ = -1;  ///< the sequence number told last; negative until the end has been found
};

}  // namespace clinikk::db
