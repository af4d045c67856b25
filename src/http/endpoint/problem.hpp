#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/uuid.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// An error as a client sees it: `application/problem+json` (RFC 9457) with our members `code` and `errors`, and the
/// header fields that its status asks for (`WWW-Authenticate`, `Retry-After`) and that the error itself carries.
/// `base_url` is PUBLIC_URL; `request_id` becomes `instance`, which is how the log names the request.
Response problem_response(Error const& error, std::string_view base_url, Uuid const& request_id);

}  // namespace clinikk::http
