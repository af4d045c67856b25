#pragma once

#include "base/quota.hpp"
#include "http/message/headers.hpp"

namespace clinikk::http {

/// Adds `RateLimit-Policy` and `RateLimit` for one limit: Lists of one String with parameters (RFC 9651 section 3.1,
/// draft-ietf-httpapi-ratelimit-headers-11 sections 3 and 4). An answer for which several limits count has a field line
/// for each of them, which means the same as one line with all.
void add_rate_limit(HeaderBlock& headers, Quota const& quota);

}  // namespace clinikk::http
