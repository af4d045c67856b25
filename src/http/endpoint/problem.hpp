#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/uuid.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// An error as a client sees it: `application/problem+json` (RFC 9457) with the extension members `code` and `errors`,
/// and with the header fields that its status requires (`WWW-Authenticate`, `Retry-After`) and that the error carries.
/// `base_url` is PUBLIC_URL; `request_id` becomes `instance`, by which the log names the request.
Response problem_response(Error const& error, std::string_view base_url, Uuid const& request_id);

}  // namespace clinikk::http
