#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "db/postgres/postgres_connector.hpp"

namespace boost::asio {
class execution_context;
}

namespace clinikk::db {

/// One connection that all coroutines of a loop share for statements that allow it. Statements are sent without waiting
/// for earlier answers (pipeline mode of libpq), each with a Sync of its own, so that the failure of one does not
/// affect the others. Nothing is cancelled: the answer for a caller that has gone is dropped. When the server is silent
/// beyond the deadline, the connection is given up, and all its callers fail.
///
/// Source: PostgreSQL documentation, "Pipeline Mode".
class PostgresPipeline {
public:
    using Clock = std::chrono::steady_clock;

    /// `deadline` is for each statement. At most `max_waiting` callers wait at a time; more are refused at once.
    PostgresPipeline(std::chrono::milliseconds deadline, std::size_t max_waiting)
        : deadline_(deadline), max_waiting_(max_waiting) {}

    /// Makes this the pipeline of the loop on which it runs: connects, again and again, until it is cancelled.
    static Task<> keep_open(std::shared_ptr<PostgresPipeline> self, std::shared_ptr<PostgresConnector> connector);

    /// Returns whether the pipeline is open and belongs to this loop. Thread-safe.
    bool serves(boost::asio::execution_context const& loop) const noexcept {
        return loop_.load(std::memory_order_acquire) == &loop;
    }

    /// Call it on that loop. Throws `Unavailable` when no answer arrives.
    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row);

private:
    class Stream;

    Task<> serve(PostgresConnection& connection);

    std::chrono::milliseconds deadline_;
    std::size_t max_waiting_;
    std::atomic<boost::asio::execution_context*> loop_{nullptr};
    Stream* stream_ = nullptr;  ///< while it is open; it lives in the coroutine that serves it
};

}  // namespace clinikk::db
