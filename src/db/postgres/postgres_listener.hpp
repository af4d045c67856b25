#pragma once

#include <functional>
#include <memory>

#include "db/postgres/postgres_connector.hpp"

namespace clinikk::db {

/// Listens on a connection of its own to the channel that the trigger of the outbox notifies. Calls `wake` for each
/// batch of notifications, and after each connect, since some may have been missed. Runs until it is cancelled.
///
/// Source: PostgreSQL documentation, LISTEN and "Asynchronous Notification". A pooler in transaction mode does not pass
/// notifications on.
Task<> listen_for_events(std::shared_ptr<PostgresConnector> connector, std::function<void()> wake);

}  // namespace clinikk::db
