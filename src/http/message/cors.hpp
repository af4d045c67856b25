#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/message/headers.hpp"
#include "http/message/request_head.hpp"

/// Cross-Origin Resource Sharing, as the Fetch standard defines it.
namespace clinikk::http {

/// Adds the fields that let scripts of an allowed origin read the answer to `head`. An origin is allowed when `origins`
/// has it or `*`. Unless every origin is allowed, the answer varies with the origin.
void add_cors_headers(HeaderBlock& headers, RequestHead const& head, std::span<std::string const> origins);

/// Adds what a preflight request asks for: the methods in `allow`, and the request fields that this program reads.
/// Adds nothing when the request is no preflight.
void add_preflight_headers(HeaderBlock& headers, RequestHead const& head, std::string_view allow);

}  // namespace clinikk::http
