#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace clinikk::db {

/// The socket of libpq, in the form in which a loop waits for it. libpq closes it, and must not do so before this
/// object is destroyed.
class PostgresSocket {
public:
    using Descriptor = boost::asio::posix::stream_descriptor;

    PostgresSocket(boost::asio::any_io_executor const& executor, int fd) : descriptor(executor, fd), timer(executor) {}
    PostgresSocket(PostgresSocket const&) = delete;
    PostgresSocket& operator=(PostgresSocket const&) = delete;
    ~PostgresSocket() { descriptor.release(); }

    Descriptor descriptor;
    boost::asio::steady_timer timer;  ///< bounds the wait
};

}  // namespace clinikk::db
