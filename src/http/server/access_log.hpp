#pragma once

#include "base/log.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// Writes the line of a request and its answer in the access log: a warning for statuses from 500 on. A path that may
/// contain a token by mistake is not written, and queries never are.
void write_access_log(Log& log, Request const& request, Response const& response);

}  // namespace clinikk::http
