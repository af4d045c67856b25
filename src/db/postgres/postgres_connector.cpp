#include "db/postgres/postgres_connector.hpp"

#include <algorithm>
#include <random>

namespace clinikk::db {
namespace {

constexpr unsigned first_pause = 50;  // milliseconds
constexpr unsigned longest_pause = 1000;
constexpr unsigned doublings = 5;

}  // namespace

std::chrono::milliseconds Backoff::next() {
    auto const longest = std::min(first_pause << std::min(failures_, doublings), longest_pause);
    ++failures_;
    // From half of it on, so that processes that lost the server together do not come back together.
    static thread_local std::minstd_rand random{std::random_device{}()};
    return std::chrono::milliseconds(std::uniform_int_distribution<unsigned>(longest / 2, longest)(random));
}

Task<std::unique_ptr<PostgresConnection>> PostgresConnector::connect() {
    auto const work = [this] { return PostgresConnection::connect(conninfo_); };
    try {
        auto connection = co_await connecting_.run(work);
        if (failing_.exchange(false)) log_.info("postgres.reconnected");
        co_return connection;
    } catch (Unavailable const& failure) {
        if (!failing_.exchange(true)) log_.error("postgres.connection_failed", {{"error", failure.what()}});
        throw;
    }
}

void PostgresConnector::cancel_and_close(std::unique_ptr<PostgresConnection> connection, std::function<void()> then) {
    auto const shared = std::make_shared<std::unique_ptr<PostgresConnection>>(std::move(connection));
    cancelling_.post([shared, then = std::move(then)] {
        (*shared)->cancel();
        shared->reset();
        then();
    });
}

void PostgresConnector::join() {
    connecting_.join();
    cancelling_.join();
}

}  // namespace clinikk::db
