#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/message/method.hpp"

/// The head of an HTTP/1.x request (RFC 9112 sections 2 to 6), without I/O.
namespace clinikk::http {

/// A field line. Both are views into the parsed buffer.
struct Field {
    std::string_view name;   ///< as sent; compare without regard to case
    std::string_view value;  ///< without surrounding white space; may be empty
};

enum class Version : std::uint8_t { http_1_0, http_1_1 };

/// What delimits the body (RFC 9112 section 6). `Content-Length: 0` is `length`.
enum class BodyFraming : std::uint8_t { none, length, chunked };

struct HeadLimits {
    std::size_t request_line = 8192;   ///< bytes, without its CRLF
    std::size_t header_bytes = 32768;  ///< bytes of all field lines, with their CRLFs and the empty line
    std::size_t fields = 100;          ///< field lines
};

/// A request's head. All views point into the buffer that was parsed, except that `path` is a constant "/" when an
/// absolute-form target has none. One object may be used for many requests: `fields` keeps its memory.
struct RequestHead {
    Method method = Method::other;
    std::string_view method_name;  ///< as it was sent: a token, case-sensitive, at most 32 characters
    std::string_view target;       ///< as sent
    std::string_view path;         ///< begins with "/", or is "*" with OPTIONS; still percent-encoded
    std::string_view query;        ///< without "?"; empty when absent
    /// `host[:port]`: of an absolute-form target, else of the Host field; empty only in HTTP/1.0. Letters, digits,
    /// `-._~`, or an IPv6 address in brackets: safe to be copied into a URL.
    std::string_view host;
    Version version = Version::http_1_1;
    std::vector<Field> fields;  ///< in the order they came
    BodyFraming framing = BodyFraming::none;
    std::uint64_t content_length = 0;  ///< with `BodyFraming::length`
    bool keep_alive = false;           ///< whether the connection may be used on (RFC 9112 section 9.3)
    bool expect_continue = false;      ///< the client waits for "100 Continue"; never set when no body follows

    /// Value of the first field of that name, compared without regard to case. When there is none, the view's
    /// `data()` is null; a field with an empty value has a non-null one.
    std::string_view find(std::string_view name) const noexcept;

    /// As `find`, but also null when there are several fields of that name: for a field that counts only when it is
    /// given once.
    std::string_view find_only(std::string_view name) const noexcept;
};

struct HeadOutcome {
    enum class Kind : std::uint8_t { need_more, complete, refused };

    Kind kind = Kind::need_more;
    std::size_t consumed = 0;                 ///< when complete: bytes of the head; the body begins there
    ErrorCode code = ErrorCode::bad_request;  ///< when refused
    std::string_view reason{};                ///< when refused: a constant sentence for the client
};

/// Parses the head of a request at the start of `buffer`. The parser is strict: lines end with CRLF only, and anything
/// that another recipient might read differently is refused, so that all programs on the way agree about where a
/// request ends (RFC 9112 section 11.2). At most two empty lines before the request line are skipped (section 2.2).
///
/// On `need_more`, the caller appends the next bytes and calls again; `out` is unspecified then and after `refused`.
/// The result does not depend on where the bytes were split: if a prefix is refused, every continuation of it is
/// refused for the same reason, and limits are noticed as soon as they are passed.
///
/// Refusals: `bad_request`, also for a second field of those that stand once (RFC 9110 section 5.3) and decide
/// something: Host, Content-Length, Content-Type, Authorization, Origin, Access-Control-Request-Method; `uri_too_long`
/// for the request line; `headers_too_large` for bytes or number of fields; `not_implemented` for CONNECT, for methods
/// over 32 characters and for transfer codings other than chunked; `version_not_supported`; `expectation_failed` for an
/// Expect other than 100-continue. After a refusal the connection cannot be used on.
HeadOutcome parse_request_head(std::string_view buffer, HeadLimits const& limits, RequestHead& out);

/// Decodes the percent-escapes of a path segment (RFC 3986 section 2.1). `%2F` becomes a slash: split the path
/// first. Empty when an escape is incomplete, or the outcome holds NUL or is not UTF-8.
std::optional<std::string> decode_path(std::string_view segment);

}  // namespace clinikk::http
