#pragma once

#include <string_view>

#include "http/message/request_head.hpp"

namespace clinikk::http {

/// Splits `head.target` into `path` and `query` by its form (RFC 9112 section 3.2) and sets `host` from an
/// absolute-form one. The target holds visible ASCII only. Returns what is wrong with it, empty when nothing is.
std::string_view split_target(RequestHead& head);

/// Whether the text is `host[:port]` (RFC 9110 section 7.2) with a host that is not empty: a name of letters, digits
/// and `-._~`, an IPv4 address or an IPv6 address in brackets. Narrower than RFC 3986: no percent-encoding, no
/// sub-delimiters (a comma is two Host fields joined by a proxy), no IPvFuture, no user information.
bool is_authority(std::string_view text) noexcept;

}  // namespace clinikk::http
