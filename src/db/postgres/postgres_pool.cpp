#include "db/postgres/postgres_pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk::db {

namespace asio = boost::asio;

struct PostgresPool::Waiter {
    explicit Waiter(asio::any_io_executor const& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool called = false;  ///< guarded by the mutex of the pool
};

/// A place for a connection that is being made. The destructor gives it up unless the connection was made, also when
/// the coroutine that makes it is cancelled.
class PostgresPool::Place {
public:
    explicit Place(PostgresPool& pool) : pool_(&pool) {}
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;
    ~Place() {
        if (pool_ != nullptr) pool_->give_up_place();
    }
    void fill() noexcept { pool_ = nullptr; }

private:
    PostgresPool* pool_;
};

PostgresPool::PostgresPool(std::shared_ptr<PostgresConnector> connector, std::size_t max_connections,
                           std::size_t max_waiting)
    : connector_(std::move(connector)), max_connections_(max_connections), max_waiting_(max_waiting) {}

PostgresPool::~PostgresPool() = default;

void PostgresPool::close() {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    idle_.clear();
    waiting_.clear();
}

/// Takes an idle connection, or a place for a new one.
std::unique_ptr<PostgresConnection> PostgresPool::take_idle(bool& may_connect) {
    std::lock_guard const lock(mutex_);
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->is_alive()) return connection;
        --open_;
    }
    may_connect = open_ < max_connections_;
    if (may_connect && Clock::now() < retry_at_) throw Unavailable("PostgreSQL could not be reached a moment ago");
    if (may_connect) ++open_;
    return nullptr;
}

Task<std::unique_ptr<PostgresConnection>> PostgresPool::connect() {
    try {
        auto connection = co_await connector_->connect();
        std::lock_guard const lock(mutex_);
        backoff_.reset();
        co_return connection;
    } catch (Unavailable const&) {
        std::lock_guard const lock(mutex_);
        // Failures at the same time count as one.
        if (Clock::now() >= retry_at_) retry_at_ = Clock::now() + backoff_.next();
        throw;
    }
}

Task<PostgresPool::Lease> PostgresPool::lend(Clock::time_point deadline) {
    auto const executor = co_await asio::this_coro::executor;
    while (true) {
        bool may_connect = false;
        std::unique_ptr<PostgresConnection> connection;
        try {
            connection = take_idle(may_connect);
        } catch (Unavailable const&) {
            wake_one();  // another waiter need not wait any longer
            throw;
        }
        if (!connection && may_connect) {
            Place place(*this);
            connection = co_await connect();
            place.fill();
        }
        if (connection) co_return Lease(shared_from_this(), std::move(connection));

        auto const waiter = std::make_shared<Waiter>(executor);
        waiter->timer.expires_at(deadline);
        {
            std::lock_guard const lock(mutex_);
            if (open_ < max_connections_ || !idle_.empty()) continue;  // returned meanwhile
            if (waiting_.size() >= max_waiting_) throw Unavailable("too many requests wait for PostgreSQL");
            waiting_.push_back(waiter);
        }
        co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
        std::lock_guard const lock(mutex_);
        if (!waiter->called) {
            waiting_.remove(waiter);
            throw Unavailable("PostgreSQL was busy until the deadline");
        }
    }
}

void PostgresPool::give_back(std::unique_ptr<PostgresConnection> connection) noexcept {
    if (connection->is_clean()) return keep(std::move(connection));
    if (is_closed()) return;
    if (connection->is_abandoned()) {
        // The connection counts until the server has finished with it.
        return connector_->cancel_and_close(std::move(connection), [self = weak_from_this()] {
            if (auto const pool = self.lock()) pool->give_up_place();
        });
    }
    connection.reset();
    give_up_place();
}

void PostgresPool::keep(std::unique_ptr<PostgresConnection> connection) noexcept {
    {
        std::lock_guard const lock(mutex_);
        if (closed_) return;
        idle_.push_back(std::move(connection));
    }
    wake_one();
}

bool PostgresPool::is_closed() noexcept {
    std::lock_guard const lock(mutex_);
    return closed_;
}

void PostgresPool::give_up_place() noexcept {
    {
        std::lock_guard const lock(mutex_);
        --open_;
    }
    wake_one();
}

/// Makes the longest waiter look again, on its own loop.
void PostgresPool::wake_one() noexcept {
    std::lock_guard const lock(mutex_);
    if (waiting_.empty()) return;
    auto const waiter = waiting_.front();
    waiting_.pop_front();
    waiter->called = true;
    asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
}

}  // namespace clinikk::db
