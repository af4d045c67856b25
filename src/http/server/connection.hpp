#pragma once

#include <boost/asio/cancellation_signal.hpp>

#include <ctime>
#include <memory>
#include <span>
#include <string>

#include "base/log.hpp"
#include "base/uuid.hpp"
#include "http/message/request_head.hpp"
#include "http/server/forwarded.hpp"
#include "http/server/pipeline.hpp"
#include "http/server/transport.hpp"

namespace clinikk::http {

/// The value of Date, made anew once a second.
class HttpClock {
public:
    std::string const& date();

private:
    std::time_t second_ = 0;
    std::string date_;
};

/// State that the connections of one thread share.
struct ConnectionContext {
    Pipeline& pipeline;
    Timeouts const& timeouts;
    HeadLimits const& head_limits;
    UuidSource& ids;
    /// Buffer of at least 64 KiB, into which heads are read before they are copied to their connection, and pieces of
    /// files before they are sent. Nobody keeps anything in it while waiting.
    std::span<char> scratch;
    HttpClock& clock;
    /// The proxies whose X-Forwarded fields count.
    Networks const& trusted_proxies;
    /// Set when the program is to end: no new request begins.
    bool const& draining;
};

/// The connection of one client: reads requests, answers them in their order, and decides when to close.
class Connection {
public:
    Connection(Transport::Socket socket, ConnectionContext const& context);

    /// Runs until the connection ends.
    Task<> serve();

    /// Called about once a second. Ends waits that last too long, and emits on `cancellation` when the current request
    /// only reads, has lasted for a while, and has lost its client. A client that closes its side early still gets its
    /// answer before that.
    void sweep(Transport::Clock::time_point now, boost::asio::cancellation_signal& cancellation);
    /// For a server that drains: ends the connection if no request is under way, unless it is so young that its first
    /// request may still arrive.
    void close_if_idle(Transport::Clock::time_point now) noexcept;
    void abort() noexcept { transport_.abort(); }

private:
    enum class HeadStatus { complete, refused, ended };

    Task<HeadStatus> read_head(Error& refusal);
    Task<bool> answer_request();
    void log_ends(Request& request);
    Task<> send_interim(int status, HeaderBlock const& headers);
    Task<IoStatus> send(Response& response, bool keep_alive, bool with_body);
    Task<IoStatus> send_source(ByteSource& source, bool chunked);
    Task<IoStatus> send_pieces(std::string head, FilePieces& body);
    Task<> refuse(Error refusal);
    Task<> linger();

    ConnectionContext const& context_;
    Transport transport_;
    boost::asio::ip::address peer_;
    bool via_proxy_;
    std::string client_address_;
    std::string local_authority_;  ///< set when first needed
    RequestHead head_;
    std::string buffer_;          ///< the current head and the bytes after it
    std::size_t head_size_ = 0;   ///< bytes of `buffer_` that are the current head
    Request* handled_ = nullptr;  ///< the request that its handler works on
    bool awaits_answer_ = false;  ///< a request is being handled, and its final answer has not begun
    bool idle_ = true;
    bool fresh_ = true;  ///< no request has arrived yet
    Transport::Clock::time_point opened_ = Transport::Clock::now();
};

}  // namespace clinikk::http
