#include "db/postgres/postgres_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <poll.h>

#include "db/postgres/postgres_error.hpp"
#include "db/postgres/postgres_row.hpp"
#include "db/postgres/postgres_socket.hpp"

namespace clinikk::db {

namespace asio = boost::asio;

namespace {

using Descriptor = PostgresSocket::Descriptor;
using Clock = PostgresConnection::Clock;

struct SocketWait : PostgresSocket {
    using PostgresSocket::PostgresSocket;
    bool late = false;
};

enum class Waited { ready, late, cancelled };

Task<Waited> wait_for(int fd, Descriptor::wait_type type, Clock::time_point deadline) {
    auto const executor = co_await asio::this_coro::executor;
    auto const wait = std::make_shared<SocketWait>(executor, fd);
    wait->timer.expires_at(deadline);
    // It may still be called when the coroutine has gone on.
    wait->timer.async_wait([weak = std::weak_ptr(wait)](boost::system::error_code cancelled) {
        auto const waiting = weak.lock();
        if (cancelled || !waiting) return;
        waiting->late = true;
        waiting->descriptor.cancel();
    });
    auto const [failure] = co_await wait->descriptor.async_wait(type, asio::as_tuple(asio::use_awaitable));
    if (wait->late) co_return Waited::late;
    co_return failure ? Waited::cancelled : Waited::ready;
}

}  // namespace

std::unique_ptr<PostgresConnection> PostgresConnection::connect(std::string const& conninfo) {
    // The server gives up before we do (PostgresOptions::deadline): then it is known that nothing was changed.
    // What stands before dbname gives way to what the URL says, what stands behind does not.
    constexpr char const* keys[] = {"connect_timeout",  "tcp_user_timeout", "keepalives_idle", "dbname",
                                    "application_name", "client_encoding",  "options",         nullptr};
    char const* const values[] = {"2",
                                  "5000",
                                  "30",
                                  conninfo.c_str(),
                                  "clinikk-tv",
                                  "UTF8",
                                  "-c statement_timeout=4500 -c timezone=UTC -c client_min_messages=error",
                                  nullptr};
    constexpr int expand_first = 1;
    std::unique_ptr<PostgresConnection> connection(
        new PostgresConnection(PQconnectdbParams(keys, values, expand_first)));
    auto* const handle = connection->handle_.get();
    if (PQstatus(handle) != CONNECTION_OK) throw Unavailable("PostgreSQL: " + one_line(PQerrorMessage(handle)));
    PQsetnonblocking(handle, 1);
    return connection;
}

bool PostgresConnection::is_usable() const noexcept { return !given_up_ && PQstatus(handle_.get()) == CONNECTION_OK; }

bool PostgresConnection::is_alive() const noexcept {
    if (!is_usable()) return false;
    pollfd unasked{PQsocket(handle_.get()), POLLIN, 0};
    return ::poll(&unasked, 1, 0) == 0;
}

bool PostgresConnection::is_clean() const noexcept {
    return is_usable() && !waiting_ && PQtransactionStatus(handle_.get()) == PQTRANS_IDLE;
}

bool PostgresConnection::is_abandoned() const noexcept {
    return waiting_ && !late_ && PQstatus(handle_.get()) == CONNECTION_OK;
}

void PostgresConnection::cancel() noexcept {
    given_up_ = true;
    auto* const request = PQgetCancel(handle_.get());
    if (request == nullptr) return;
    char ignored[256];
    PQcancel(request, ignored, sizeof ignored);
    PQfreeCancel(request);
}

void PostgresConnection::give_up(std::string_view doing) {
    given_up_ = true;
    throw Unavailable("PostgreSQL, " + std::string(doing) + ": " + one_line(PQerrorMessage(handle_.get())));
}

/// The one result of what was sent last.
Task<PostgresResult> PostgresConnection::result(Clock::time_point deadline, std::string_view statement) {
    auto* const handle = handle_.get();
    waiting_ = true;
    int unsent = PQflush(handle);
    while (unsent > 0) {
        auto const waited = co_await wait_for(PQsocket(handle), Descriptor::wait_write, deadline);
        late_ = waited == Waited::late;
        if (waited != Waited::ready || PQconsumeInput(handle) != 1) give_up(statement);
        unsent = PQflush(handle);
    }
    if (unsent < 0) give_up(statement);
    PostgresResult last;
    while (true) {
        while (PQisBusy(handle) != 0) {
            auto const waited = co_await wait_for(PQsocket(handle), Descriptor::wait_read, deadline);
            late_ = waited == Waited::late;
            if (waited != Waited::ready || PQconsumeInput(handle) != 1) give_up(statement);
        }
        PostgresResult next(PQgetResult(handle));
        if (!next) break;
        last = std::move(next);
    }
    waiting_ = false;
    if (!last) give_up(statement);
    co_return last;
}

Task<> PostgresConnection::prepare(Statement const& statement, Clock::time_point deadline) {
    if (prepared_.contains(statement.name)) co_return;
    std::string const name(statement.name);
    std::string const sql(statement.sql);
    if (PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr) != 1) give_up(statement.name);
    auto const done = co_await result(deadline, statement.name);
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) {
        auto const violation = violation_or_throw(done.get(), statement.name);
        throw std::logic_error("preparing violated " + violation.constraint);
    }
    prepared_.insert(statement.name);
}

Task<Outcome> PostgresConnection::run(Statement const& statement, std::span<Value const> parameters,
                                      OnRow const& on_row, Clock::time_point deadline) {
    co_await prepare(statement, deadline);
    PostgresParameters const encoded(parameters);
    std::string const name(statement.name);
    constexpr int binary = 1;
    if (PQsendQueryPrepared(handle_.get(), name.c_str(), encoded.count(), encoded.pointers(), encoded.lengths(),
                            encoded.formats(), binary) != 1) {
        give_up(statement.name);
    }
    auto const done = co_await result(deadline, statement.name);
    co_return read_outcome(done.get(), statement.name, on_row);
}

}  // namespace clinikk::db
