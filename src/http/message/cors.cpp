#include "http/message/cors.hpp"

#include <algorithm>

namespace clinikk::http {
namespace {

/// The request fields that operations read and that browsers do not send without permission.
constexpr std::string_view request_fields =
    "Authorization, Content-Type, Content-Digest, Content-Disposition, Idempotency-Key, Range, Repr-Digest, If-Range, "
    "If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, Tus-Resumable, Upload-Checksum, Upload-Complete, "
    "Upload-Concat, Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Length, Upload-Metadata, Upload-Offset, "
    "X-HTTP-Method-Override, X-Request-Id, X-Requested-With";

/// The fields of answers that scripts need and that browsers do not show them without permission.
constexpr std::string_view answer_fields =
    "Accept-Ranges, Content-Location, Content-Range, ETag, Idempotency-Replayed, Link, Location, RateLimit, "
    "RateLimit-Policy, Repr-Digest, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, "
    "Tus-Version, Upload-Complete, Upload-Concat, Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Expires, "
    "Upload-Length, Upload-Limit, Upload-Metadata, Upload-Offset, X-Request-Id";

constexpr std::string_view day_in_seconds = "86400";

bool has(std::span<std::string const> origins, std::string_view origin) {
    return std::ranges::find(origins, origin) != origins.end();
}

}  // namespace

void add_cors_headers(HeaderBlock& headers, RequestHead const& head, std::span<std::string const> origins) {
    if (has(origins, "*")) {
        headers.add("Access-Control-Allow-Origin", "*");
    } else {
        headers.add("Vary", "Origin");
        auto const origin = head.find("Origin");
        if (origin.empty() || !has(origins, origin)) return;
        headers.add("Access-Control-Allow-Origin", origin);
    }
    headers.add("Access-Control-Expose-Headers", answer_fields);
}

void add_preflight_headers(HeaderBlock& headers, RequestHead const& head, std::string_view allow) {
    if (head.find("Access-Control-Request-Method").empty()) return;
    headers.add("Access-Control-Allow-Methods", allow);
    headers.add("Access-Control-Allow-Headers", request_fields);
    headers.add("Access-Control-Max-Age", day_in_seconds);
}

}  // namespace clinikk::http
