#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "db/postgres/postgres_connector.hpp"

namespace boost::asio {
class execution_context;
}

namespace clinikk::db {

/// One connection that all coroutines of a loop share for their point statements: these are sent without waiting for
/// the answers of those before (libpq's pipeline mode), each with a Sync of its own, so that the failure of one is its
/// own affair. Nothing is cancelled: the answer for a caller that has gone, or waits no longer, is dropped. A server
/// that keeps silent past the deadline is given up, with all who wait for it.
///
/// Source: PostgreSQL documentation, "Pipeline Mode".
class PostgresPipeline {
public:
    using Clock = std::chrono::steady_clock;

    /// `deadline` is each statement's; `max_waiting` callers wait at a time, and more are refused at once.
    PostgresPipeline(std::chrono::milliseconds deadline, std::size_t max_waiting)
        : deadline_(deadline), max_waiting_(max_waiting) {}

    /// Makes this the pipeline of the loop it runs on: connects, again and again, until it is cancelled.
    static Task<> keep_open(std::shared_ptr<PostgresPipeline> self, std::shared_ptr<PostgresConnector> connector);

    /// Whether it is open, and the loop's own. Thread-safe.
    bool serves(boost::asio::execution_context const& loop) const noexcept {
        return loop_.load(std::memory_order_acquire) == &loop;
    }

    /// On that loop. Throws `Unavailable` when no answer comes.
    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row);

private:
    class Stream;

    Task<> serve(PostgresConnection& connection);

    std::chrono::milliseconds deadline_;
    std::size_t max_waiting_;
    std::atomic<boost::asio::execution_context*> loop_{nullptr};
    Stream* stream_ = nullptr;  ///< while it is open; lives in the coroutine that serves it
};

}  // namespace clinikk::db
