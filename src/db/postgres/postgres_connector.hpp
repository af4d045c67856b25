#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "base/backoff.hpp"
#include "base/log.hpp"
#include "db/postgres/postgres_connection.hpp"

namespace clinikk::db {

/// The pauses between attempts to reach a server that is away.
inline Backoff connection_backoff() noexcept { return {std::chrono::milliseconds(50), std::chrono::seconds(1)}; }

/// Opens connections outside the event loops, because libpq blocks while it resolves names and negotiates TLS.
/// Thread-safe.
class PostgresConnector {
public:
    PostgresConnector(std::string conninfo, Log& log) : conninfo_(std::move(conninfo)), log_(log) {}

    /// Opens a connection. Throws `Unavailable`. Logs the first failure and the recovery.
    Task<std::unique_ptr<PostgresConnection>> connect();

    /// Cancels the statement that runs on the connection and closes the connection, then calls `then`.
    void cancel_and_close(std::unique_ptr<PostgresConnection> connection, std::function<void()> then);

    /// Waits for the operations in progress; no new operation may be started. The loops of waiting callers must live
    /// until this returns.
    void join();

private:
    std::string conninfo_;
    Log& log_;
    std::atomic<bool> failing_{false};
    BlockingPool connecting_{2};
    BlockingPool cancelling_{1};
};

}  // namespace clinikk::db
