#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/uuid.hpp"
#include "domain/byte_source.hpp"
#include "domain/user.hpp"
#include "http/request_head.hpp"

namespace clinikk::http {

struct Endpoint;

/// The body of a request, decoded from its framing. The first pull sends `100 Continue` to a client that waits for
/// it (RFC 9110 section 10.1.1): what is refused before is never sent.
class RequestBody : public ByteSource {
public:
    /// Past so many bytes `next` fails with `code`.
    virtual void limit(std::uint64_t bytes, ErrorCode code) = 0;
};

/// A request whose head has been read. Views live as long as the exchange.
struct Request {
    RequestHead const& head;
    RequestBody& body;
    std::string_view remote_address;
    Uuid id;
    std::chrono::steady_clock::time_point started;
    std::string base_url{};  ///< PUBLIC_URL, or scheme and authority as the client sees them

    // Known once the request is routed and authorised:
    Endpoint const* endpoint = nullptr;
    std::vector<std::pair<std::string_view, std::string>> path_parameters{};
    std::optional<Caller> caller{};

    bool abandoned = false;  ///< the client has gone, and what was under way for it is cancelled
};

}  // namespace clinikk::http
