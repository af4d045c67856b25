#include "db/postgres/postgres_listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "db/postgres/postgres_socket.hpp"

namespace clinikk::db {

namespace asio = boost::asio;

namespace {

constexpr Statement listen{"listen", "LISTEN clinikk_outbox"};
constexpr std::chrono::seconds timeouts{5};

struct FreeNotice {
    void operator()(PGnotify* notice) const noexcept { PQfreemem(notice); }
};

/// Takes all notifications that have arrived. Returns whether there were any.
bool take_notices(PGconn* handle) {
    bool any = false;
    while (std::unique_ptr<PGnotify, FreeNotice> const notice{PQnotifies(handle)}) any = true;
    return any;
}

/// Runs until the connection ends.
Task<> listen_on(PostgresConnection& connection, std::function<void()> const& wake) {
    OnRow const ignore = [](Row const&) {};
    auto const listening = co_await connection.run(listen, {}, ignore, PostgresConnection::Clock::now() + timeouts);
    listening.value();
    wake();
    auto* const handle = connection.handle();
    PostgresSocket socket(co_await asio::this_coro::executor, PQsocket(handle));
    for (;;) {
        auto const [failure] = co_await socket.descriptor.async_wait(PostgresSocket::Descriptor::wait_read,
                                                                     asio::as_tuple(asio::use_awaitable));
        if (failure || PQconsumeInput(handle) != 1 || PQstatus(handle) != CONNECTION_OK) co_return;
        if (take_notices(handle)) wake();
    }
}

}  // namespace

Task<> listen_for_events(std::shared_ptr<PostgresConnector> connector, std::function<void()> wake) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    auto backoff = connection_backoff();
    for (;;) {
        try {
            auto const connection = co_await connector->connect();
            co_await listen_on(*connection, wake);
            backoff.reset();
        } catch (Unavailable const&) {  // the connector has logged it
        }
        pause.expires_after(backoff.next());
        co_await pause.async_wait(asio::use_awaitable);
    }
}

}  // namespace clinikk::db
