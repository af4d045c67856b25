#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>

#include "db/postgres/postgres_error.hpp"

namespace clinikk::db {

/// A connection, used by one coroutine at a time, on the loop of that coroutine.
class PostgresConnection {
public:
    using Clock = std::chrono::steady_clock;

    /// Connects; blocks during name resolution and TLS negotiation. `conninfo` is a libpq connection string: a URL or
    /// key-value pairs. Throws `Unavailable`.
    static std::unique_ptr<PostgresConnection> connect(std::string const& conninfo);

    /// Runs a statement, preparing it on first use. Throws like `violation_or_throw`, and `Unavailable` when there is
    /// no answer by the deadline; the connection is then unusable.
    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row,
                      Clock::time_point deadline);

    /// False after a wait for an answer was abandoned or the server closed the connection.
    bool is_usable() const noexcept;

    /// Whether the connection, which must be idle, is still there. A server that ends, or ends the connection, says so
    /// in bytes that nobody has asked for.
    bool is_alive() const noexcept;

    /// Whether the connection can be reused: no answer is outstanding and no transaction is open.
    bool is_clean() const noexcept;

    /// Whether the server may still run a statement of a cancelled caller. After a missed deadline it does not: the
    /// server has ended the statement itself.
    bool is_abandoned() const noexcept;

    /// Asks the server to cancel the running statement; blocks. The connection is unusable afterwards.
    void cancel() noexcept;

    /// The libpq handle, for callers that use libpq directly.
    PGconn* handle() const noexcept { return handle_.get(); }

private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };

    explicit PostgresConnection(PGconn* connection) : handle_(connection) {}

    Task<> prepare(Statement const& statement, Clock::time_point deadline);
    Task<PostgresResult> result(Clock::time_point deadline, std::string_view statement);
    [[noreturn]] void give_up(std::string_view doing);

    std::unique_ptr<PGconn, Finish> handle_;
    std::unordered_set<std::string_view> prepared_;  ///< statement names, which are string literals
    bool waiting_ = false;                           ///< for an answer
    bool late_ = false;
    bool given_up_ = false;
};

}  // namespace clinikk::db
