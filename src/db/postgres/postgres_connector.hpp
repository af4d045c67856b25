#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "base/log.hpp"
#include "db/postgres/postgres_connection.hpp"

namespace clinikk::db {

/// How long to wait before the next attempt: twice as long each time, a second at most, and never the same for all.
class Backoff {
public:
    std::chrono::milliseconds next();
    void reset() { failures_ = 0; }

private:
    unsigned failures_ = 0;
};

/// Makes connections, off the loop: libpq resolves names and negotiates TLS in calls that block. Thread-safe.
class PostgresConnector {
public:
    PostgresConnector(std::string conninfo, Log& log) : conninfo_(std::move(conninfo)), log_(log) {}

    /// Throws `Unavailable`. The log is told when this begins to fail and when it ends.
    Task<std::unique_ptr<PostgresConnection>> connect();

    /// Tells the server that nobody wants the answer of what runs there, and closes; `then` is called at the end.
    void cancel_and_close(std::unique_ptr<PostgresConnection> connection, std::function<void()> then);

    /// Waits for what was begun; nothing may be begun any more. The loops of those who wait must live until then.
    void join();

private:
    std::string conninfo_;
    Log& log_;
    std::atomic<bool> failing_{false};
    BlockingPool connecting_{2};
    BlockingPool cancelling_{1};
};

}  // namespace clinikk::db
