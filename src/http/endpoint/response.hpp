#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/byte_source.hpp"
#include "http/message/headers.hpp"

namespace clinikk::http {

/// An answer. Framing (`Content-Length`, `Transfer-Encoding`, `Connection`) and `Date` are the connection's.
struct Response {
    int status = 200;
    HeaderBlock headers{};
    Body body{};
    /// Bytes that a `ByteSource` body will give, where that is known; otherwise it goes out chunked.
    std::optional<std::uint64_t> source_length{};
    /// What is kept until the answer has been sent, such as a place among those that may have large answers in memory.
    std::shared_ptr<void const> holds{};
    /// Close the connection behind this answer, because the rest of the request cannot be trusted or waited for.
    bool close = false;
};

/// The reason phrase of a status code (RFC 9110 section 15); empty for one that is not used here.
std::string_view reason_phrase(int status) noexcept;

/// A body of text with its media type.
Response text_response(int status, std::string_view media_type, std::string body);

inline Response json_response(int status, std::string body) {
    return text_response(status, "application/json", std::move(body));
}

/// Bytes of the body; empty when they are not known beforehand.
std::optional<std::uint64_t> body_length(Response const& response) noexcept;

/// The whole head, ready to send. `date` is an IMF-fixdate; `keep_alive` what becomes of the connection.
std::string serialize_head(Response const& response, std::string_view date, bool keep_alive, bool http_1_0);

/// An interim answer (RFC 9110 section 15.2), ready to send.
std::string serialize_interim(int status, HeaderBlock const& headers);

}  // namespace clinikk::http
