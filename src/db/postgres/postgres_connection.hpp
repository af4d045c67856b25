#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>

#include "db/postgres/postgres_error.hpp"

namespace clinikk::db {

/// One connection, used by one coroutine at a time, on whatever loop that runs.
class PostgresConnection {
public:
    using Clock = std::chrono::steady_clock;

    /// Connects, and blocks meanwhile: names are resolved and TLS is negotiated. `conninfo` is libpq's, a URL or pairs.
    /// Throws `Unavailable`.
    static std::unique_ptr<PostgresConnection> connect(std::string const& conninfo);

    /// Runs a prepared statement, preparing it the first time. Throws as `violation_or_throw`, and `Unavailable` when
    /// no answer has come by the deadline; then the connection is of no more use.
    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row,
                      Clock::time_point deadline);

    /// False once an answer was given up or the server has gone.
    bool is_usable() const noexcept;

    /// Whether the next user finds it as the first one did: no answer outstanding, no transaction open.
    bool is_clean() const noexcept;

    /// Whether the server may be at work for a caller that has gone. (One that waited in vain until the deadline is
    /// another matter: the server has ended its statement by itself.)
    bool is_abandoned() const noexcept;

    /// Tells the server to end what it is at, and blocks meanwhile. The connection is of no more use.
    void cancel() noexcept;

    /// For those who speak with libpq themselves.
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
    std::unordered_set<std::string_view> prepared_;  ///< names of statements, which are literals
    bool waiting_ = false;                           ///< for an answer
    bool late_ = false;
    bool given_up_ = false;
};

}  // namespace clinikk::db
