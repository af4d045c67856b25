#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace clinikk::http {

/// What the middleware may know besides the request and its answer.
struct MiddlewareContext {
    std::vector<std::string> const& cors_origins;
    Log& log;
};

/// Passes a finished answer, whatever made it, through the middleware in its order.
void dress(MiddlewareContext const& context, Request const& request, Response& response);

}  // namespace clinikk::http
