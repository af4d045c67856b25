#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"

namespace clinikk::client {

struct HttpRequest {
    std::string method = "GET";
    std::string url{};
    std::vector<std::string> headers{};  ///< lines such as `Range: bytes=0-9`
    std::string_view body{};             ///< sent when the method is PUT or POST
    std::shared_ptr<void const>
        body_owner{};  ///< keeps the memory of `body`, which the transfer may need after the call
};

/// The end of a transfer without a complete answer: no connection, silence, or bytes that are not HTTP.
class TransferError : public std::runtime_error {
public:
    TransferError(std::string const& what, bool timed_out) : std::runtime_error(what), timed_out_(timed_out) {}
    /// Whether a deadline ended it.
    bool timed_out() const noexcept { return timed_out_; }

private:
    bool timed_out_;
};

/// The head of an answer. Names of fields are in lower case. If a field is given twice, the last one counts.
struct HttpHead {
    int status = 0;
    std::map<std::string, std::string, std::less<>> fields{};

    /// Empty when there is none.
    std::string_view find(std::string_view name) const noexcept;
};

struct HttpAnswer {
    HttpHead head{};
    std::string body{};
};

/// An answer whose body is pulled. Destroying it early ends the transfer.
class HttpStream {
public:
    virtual ~HttpStream() = default;

    virtual HttpHead const& head() const noexcept = 0;

    /// Replaces `piece` with the next bytes, at most 320 KiB; empty at the end. Its memory is used again for later
    /// bytes. Throws TransferError when the body breaks off.
    virtual Task<> next(std::string& piece) = 0;
};

struct HttpClientOptions {
    std::string ca_file{};  ///< PEM; empty: the system's
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::seconds silence{30};  ///< without a byte in the expected direction
    std::chrono::seconds total{0};     ///< for a whole exchange; zero: as long as it takes
};

/// Outbound HTTP/1.1 over the multi interface of libcurl: connections are kept and reused. One event loop on a thread
/// of its own drives all transfers: all threads share the connections, TLS costs no time on the threads that serve, and
/// commands without event loops can use it too. Redirects are not followed. Thread-safe.
class HttpClient {
public:
    explicit HttpClient(HttpClientOptions options);
    HttpClient(HttpClient const&) = delete;
    HttpClient& operator=(HttpClient const&) = delete;
    /// As `stop`.
    ~HttpClient();

    /// Waits for the head of the answer. Throws TransferError.
    Task<std::unique_ptr<HttpStream>> open(HttpRequest request);

    /// The whole answer. Throws TransferError, also when the body is longer than `max_body` bytes.
    Task<HttpAnswer> send(HttpRequest request, std::size_t max_body);

    /// Ends all transfers. The executors of the coroutines that wait for one must live until then.
    void stop();

private:
    class Loop;
    class Stream;
    std::shared_ptr<Loop> loop_;
};

}  // namespace clinikk::client
