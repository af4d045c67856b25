#include "db/postgres/postgres_connector.hpp"

namespace clinikk::db {

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
