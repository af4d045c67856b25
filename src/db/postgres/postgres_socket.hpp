#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace clinikk::db {

/// libpq's socket as a loop waits for it; it stays libpq's to close, and must be open until this has gone.
class PostgresSocket {
public:
    using Descriptor = boost::asio::posix::stream_descriptor;

    PostgresSocket(boost::asio::any_io_executor const& executor, int fd) : descriptor(executor, fd), timer(executor) {}
    PostgresSocket(PostgresSocket const&) = delete;
    PostgresSocket& operator=(PostgresSocket const&) = delete;
    ~PostgresSocket() { descriptor.release(); }

    Descriptor descriptor;
    boost::asio::steady_timer timer;  ///< for how long it is waited for
};

}  // namespace clinikk::db
