#include "app/ask_health.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <iostream>

namespace clinikk::app {

namespace asio = boost::asio;

int ask_health(Settings const& settings) {
    asio::io_context context;
    asio::ip::tcp::socket socket(context);
    auto const host = settings.server.host == "0.0.0.0" ? std::string("127.0.0.1") : settings.server.host;
    boost::system::error_code failure;
    socket.connect({asio::ip::make_address(host), settings.server.port}, failure);
    timeval const timeouts{5, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeouts, sizeof timeouts);
    std::string answer;
    if (!failure) {
        auto const name = host.find(':') == std::string::npos ? host : '[' + host + ']';
        std::string const request = "GET /health HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\n\r\n";
        asio::write(socket, asio::buffer(request), failure);
        asio::read(socket, asio::dynamic_buffer(answer), failure);
    }
    bool const healthy = answer.starts_with("HTTP/1.1 200 ");
    std::cout << (healthy ? "healthy" : "unhealthy") << '\n';
    return healthy ? 0 : 1;
}

}  // namespace clinikk::app
