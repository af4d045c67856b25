#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/blocking_pool.hpp"
#include "base/log.hpp"
#include "db/postgres/postgres_connection.hpp"

namespace clinikk::db {

/// A bounded number of connections, each lent to one coroutine at a time, whatever loop it runs on. Thread-safe.
class PostgresPool {
public:
    using Clock = PostgresConnection::Clock;

    /// `max_connections` at most, and as many waiting for one as `max_waiting`; more are refused at once.
    PostgresPool(std::string conninfo, std::size_t max_connections, std::size_t max_waiting, Log& log);
    PostgresPool(PostgresPool const&) = delete;
    PostgresPool& operator=(PostgresPool const&) = delete;
    ~PostgresPool();

    /// A connection, given back at the end of the lease; one that is of no more use is closed then.
    class Lease {
    public:
        Lease(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection)
            : pool_(&pool), connection_(std::move(connection)) {}
        Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::move(other.connection_)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (connection_) pool_->give_back(std::move(connection_));
        }

        PostgresConnection* operator->() const noexcept { return connection_.get(); }

    private:
        PostgresPool* pool_;
        std::unique_ptr<PostgresConnection> connection_;
    };

    /// Throws `Unavailable` when there is none by the deadline, or none can be made.
    Task<Lease> lend(Clock::time_point deadline);

private:
    struct Waiter;

    Task<std::unique_ptr<PostgresConnection>> connect();
    std::unique_ptr<PostgresConnection> take_idle(bool& may_connect);
    void give_back(std::unique_ptr<PostgresConnection> connection) noexcept;
    void wake_one() noexcept;

    std::string conninfo_;
    std::size_t max_connections_;
    std::size_t max_waiting_;
    Log& log_;
    BlockingPool connecting_{2};  ///< libpq resolves names and negotiates TLS in calls that block

    std::mutex mutex_;
    std::vector<std::unique_ptr<PostgresConnection>> idle_;
    std::size_t open_ = 0;  ///< idle, lent, or being made
    std::list<std::shared_ptr<Waiter>> waiting_;
    Clock::time_point retry_at_{};  ///< after a failure to connect others fail at once until then
    bool failing_ = false;
};

}  // namespace clinikk::db
