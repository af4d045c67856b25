#pragma once

#include "base/log.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// Writes the access log's line of a request and its answer: a warning for statuses from 500 on. Paths are written so
/// that no token which stands in one by mistake reaches the log, and queries are not written.
void write_access_log(Log& log, Request const& request, Response const& response);

}  // namespace clinikk::http
