#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/uuid.hpp"
#include "domain/byte_source.hpp"
#include "domain/caller.hpp"
#include "http/message/headers.hpp"
#include "http/message/request_head.hpp"

namespace clinikk::http {

struct Endpoint;

/// The body of a request, without its framing. The first pull sends `100 Continue` to a client that waits for it (RFC
/// 9110 section 10.1.1), so the client never sends a body that is refused before.
class RequestBody : public ByteSource {
public:
    /// After this many bytes `next` fails with `code`.
    virtual void limit(std::uint64_t bytes, ErrorCode code) = 0;

    /// Makes a pending `next` and all later ones fail with `upload_interrupted`; the connection ends after the answer.
    /// Does nothing when all of the body has been read. On the executor of the request.
    virtual void interrupt() = 0;

    /// The value of a trailer field behind a chunked body (RFC 9110 section 6.5), once all of the body has been read;
    /// empty without one.
    virtual std::string_view trailer(std::string_view name) const = 0;
};

/// A request whose head has been read. Views live as long as the exchange.
struct Request {
    RequestHead const& head;
    std::reference_wrapper<RequestBody> body;
    std::string_view remote_address;  ///< of the client; behind a trusted proxy, the address that the proxy states
    Uuid id;
    std::chrono::steady_clock::time_point started;
    std::string_view
        authority{};         ///< of its target or Host field, else where the connection was made to: `host[:port]`
    bool via_proxy = false;  ///< the connection is a trusted proxy's: its X-Forwarded fields count
    std::string base_url{};  ///< PUBLIC_URL, or scheme and authority as the client sees them

    std::string_view route{};  ///< pattern of a path that exists, whatever the method: `/content/{content_id}`
    // Known once the request is routed and authorised:
    Endpoint const* endpoint = nullptr;
    std::vector<std::pair<std::string_view, std::string>> path_parameters{};
    std::optional<Caller> caller{};
    bool token_refused = false;  ///< a token was sent, and the operation goes on without it

    /// The account for which the request acts; null when there is none.
    User const* account() const noexcept { return caller ? &caller->user : nullptr; }

    bool abandoned = false;  ///< the client has gone, and the handler is being cancelled

    /// Sends an interim answer (RFC 9110 section 15.2) such as 104 before the final one. It does not wait for a client
    /// that reads slowly, so it may be called while the body is being read. Does nothing for a client that speaks
    /// HTTP/1.0, and once the final answer has begun. Set by the connection.
    std::function<Task<>(int status, HeaderBlock const& headers)> send_interim{};
};

/// Where the request comes from, for the audit log.
Origin origin_of(Request const& request);

}  // namespace clinikk::http
