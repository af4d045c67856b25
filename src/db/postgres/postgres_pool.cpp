#include "db/postgres/postgres_pool.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clinikk::db {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds retry_pause{250};

}  // namespace

struct PostgresPool::Waiter {
    explicit Waiter(asio::any_io_executor const& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool called = false;  ///< under the pool's mutex
};

PostgresPool::PostgresPool(std::string conninfo, std::size_t max_connections, std::size_t max_waiting, Log& log)
    : conninfo_(std::move(conninfo)), max_connections_(max_connections), max_waiting_(max_waiting), log_(log) {}

PostgresPool::~PostgresPool() { connecting_.join(); }

/// Takes an idle connection, or a place for a new one.
std::unique_ptr<PostgresConnection> PostgresPool::take_idle(bool& may_connect) {
    std::lock_guard const lock(mutex_);
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->is_usable()) return connection;
        --open_;
    }
    may_connect = open_ < max_connections_;
    if (may_connect && Clock::now() < retry_at_) throw Unavailable("PostgreSQL could not be reached a moment ago");
    if (may_connect) ++open_;
    return nullptr;
}

Task<std::unique_ptr<PostgresConnection>> PostgresPool::connect() {
    std::unique_ptr<PostgresConnection> connection;
    std::exception_ptr failure;
    try {
        auto const work = [this] { return PostgresConnection::connect(conninfo_); };
        connection = co_await connecting_.run(work);
    } catch (std::exception const& error) {
        failure = std::current_exception();
        if (!failing_) log_.error("postgres_unreachable", {{"error", error.what()}});
    }
    {
        std::lock_guard const lock(mutex_);
        failing_ = failure != nullptr;
        if (failing_) {
            --open_;
            retry_at_ = Clock::now() + retry_pause;
        }
    }
    if (failure) {
        wake_one();
        std::rethrow_exception(failure);
    }
    co_return connection;
}

Task<PostgresPool::Lease> PostgresPool::lend(Clock::time_point deadline) {
    auto const executor = co_await asio::this_coro::executor;
    while (true) {
        bool may_connect = false;
        auto connection = take_idle(may_connect);
        if (!connection && may_connect) connection = co_await connect();
        if (connection) co_return Lease(*this, std::move(connection));

        auto const waiter = std::make_shared<Waiter>(executor);
        waiter->timer.expires_at(deadline);
        {
            std::lock_guard const lock(mutex_);
            if (open_ < max_connections_ || !idle_.empty()) continue;  // given back meanwhile
            if (waiting_.size() >= max_waiting_) throw Unavailable("too many wait for PostgreSQL");
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
    bool const usable = connection->is_usable();
    {
        std::lock_guard const lock(mutex_);
        if (usable) {
            idle_.push_back(std::move(connection));
        } else {
            --open_;
        }
    }
    wake_one();
}

/// The longest waiting looks again, on its own loop.
void PostgresPool::wake_one() noexcept {
    std::lock_guard const lock(mutex_);
    if (waiting_.empty()) return;
    auto const waiter = waiting_.front();
    waiting_.pop_front();
    waiter->called = true;
    asio::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
}

}  // namespace clinikk::db
