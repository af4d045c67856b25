#pragma once

#include <functional>
#include <memory>

#include "db/postgres/postgres_connector.hpp"

namespace clinikk::db {

/// Listens to the channel that the outbox's trigger tells of events, on a connection of its own. Calls `wake` for each
/// batch of notices, and after each connect as some may have been missed. Until it is cancelled.
///
/// Source: PostgreSQL documentation, LISTEN and "Asynchronous Notification". A pooler that lends connections for a
/// transaction does not carry it.
Task<> listen_for_events(std::shared_ptr<PostgresConnector> connector, std::function<void()> wake);

}  // namespace clinikk::db
