#pragma once

#include <chrono>
#include <memory>

#include "db/postgres/postgres_pool.hpp"
#include "domain/collection_lock.hpp"

namespace clinikk::db {

/// An advisory lock in the database, so that it holds across hosts. The claim is an open transaction on a connection
/// that nothing else uses meanwhile. The server ends both with the connection: at once when the process dies, and after
/// the `tcp_keepalives_idle` of the server and so on when the host or the network fails. The lock belongs to the
/// transaction and not to the session, so that it also works through a pooler in transaction mode. The transaction has
/// no snapshot, so it does not keep rows from being vacuumed.
///
/// Source: PostgreSQL documentation, "Advisory Locks".
class PostgresCollectionLock final : public CollectionLock {
public:
    /// The connection is one of the pool if that leaves another one for the work; else it is an additional one.
    PostgresCollectionLock(std::shared_ptr<PostgresConnector> connector, std::shared_ptr<PostgresPool> pool,
                           bool may_use_pool, std::chrono::milliseconds deadline)
        : connector_(std::move(connector)), pool_(std::move(pool)), may_use_pool_(may_use_pool), deadline_(deadline) {}

    /// Throws `Unavailable`.
    Task<Attempt> try_claim(std::string holder) override;

private:
    Task<std::shared_ptr<PostgresConnection>> take_connection();

    std::shared_ptr<PostgresConnector> connector_;
    std::shared_ptr<PostgresPool> pool_;
    bool may_use_pool_;
    std::chrono::milliseconds deadline_;
};

}  // namespace clinikk::db
