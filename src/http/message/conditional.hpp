#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"
#include "http/message/request_head.hpp"

/// Conditional requests (RFC 9110 section 13).
namespace clinikk::http {

/// What a request's preconditions are compared with.
struct Validators {
    std::string_view etag;    ///< a strong entity tag with its quotes, as it is sent: `"…"`
    Timestamp last_modified;  ///< its fraction of a second does not count: HTTP dates have none
};

enum class Precondition : std::uint8_t {
    proceed,
    not_modified,  ///< 304; only with GET and HEAD
    failed,        ///< 412
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since for a representation that exists, in
/// the order of section 13.2.2. Several lines of the first or third are one list.
///
/// A date that cannot be read or is given more than once is ignored, as section 13.1 demands. A list of tags that
/// cannot be read fails the precondition where ignoring it could lose an update: always for If-Match, and for
/// If-None-Match unless the method is GET or HEAD.
Precondition evaluate(RequestHead const& head, Validators const& validators);

/// Returns whether the Range field applies (section 13.1.5): there is no If-Range, or it names the current
/// representation by its strong tag or by exactly its Last-Modified. Several If-Range fields never apply. The caller
/// evaluates the preconditions first. Last-Modified counts as a strong validator because stored bytes do not change.
bool if_range_holds(RequestHead const& head, Validators const& validators);

}  // namespace clinikk::http
