#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "db/postgres/postgres_connector.hpp"

namespace clinikk::db {

/// A bounded number of connections, each lent to one coroutine at a time, on whatever loop. Thread-safe. Leases share
/// the pool, because coroutines that never end are destroyed with their loop, when the database has gone.
class PostgresPool : public std::enable_shared_from_this<PostgresPool> {
public:
    using Clock = PostgresConnection::Clock;

    /// At most `max_connections`, and at most `max_waiting` coroutines that wait for one; more are refused at once.
    PostgresPool(std::shared_ptr<PostgresConnector> connector, std::size_t max_connections, std::size_t max_waiting);
    PostgresPool(PostgresPool const&) = delete;
    PostgresPool& operator=(PostgresPool const&) = delete;
    ~PostgresPool();

    /// Closes idle connections, and from now on every connection that is returned.
    void close();

    /// A lent connection. The end of the lease returns it; a broken one is closed then, and what runs on it is
    /// cancelled.
    class Lease {
    public:
        Lease(std::shared_ptr<PostgresPool> pool, std::unique_ptr<PostgresConnection> connection)
            : pool_(std::move(pool)), connection_(std::move(connection)) {}
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (connection_) pool_->give_back(std::move(connection_));
        }

        PostgresConnection* operator->() const noexcept { return connection_.get(); }

    private:
        std::shared_ptr<PostgresPool> pool_;
        std::unique_ptr<PostgresConnection> connection_;
    };

    /// Throws `Unavailable` when no connection is free by the deadline, or none can be made.
    Task<Lease> lend(Clock::time_point deadline);

private:
    class Place;
    struct Waiter;

    Task<std::unique_ptr<PostgresConnection>> connect();
    std::unique_ptr<PostgresConnection> take_idle(bool& may_connect);
    void give_back(std::unique_ptr<PostgresConnection> connection) noexcept;
    void keep(std::unique_ptr<PostgresConnection> connection) noexcept;
    bool is_closed() noexcept;
    void give_up_place() noexcept;
    void wake_one() noexcept;

    std::shared_ptr<PostgresConnector> connector_;
    std::size_t max_connections_;
    std::size_t max_waiting_;

    std::mutex mutex_;
    std::vector<std::unique_ptr<PostgresConnection>> idle_;
    std::size_t open_ = 0;  ///< idle, lent, or being made
    std::list<std::shared_ptr<Waiter>> waiting_;
    Clock::time_point retry_at_{};  ///< after a failure to connect, other attempts fail at once until then
    Backoff backoff_ = connection_backoff();
    bool closed_ = false;
};

}  // namespace clinikk::db
