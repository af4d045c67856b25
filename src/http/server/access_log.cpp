#include "http/server/access_log.hpp"

#include <algorithm>
#include <chrono>

#include "http/endpoint/endpoint.hpp"

namespace clinikk::http {
namespace {

/// Returns the path if its route is known and all its parameters are ids, which reveal nothing; else the pattern of the
/// route, or `-` without a route.
std::string_view loggable_path(Request const& request) {
    if (request.route.empty()) return "-";
    bool const only_ids = std::ranges::all_of(
        request.path_parameters, [](auto const& parameter) { return Uuid::from_string(parameter.second).has_value(); });
    return only_ids ? request.head.path : request.route;
}

}  // namespace

void write_access_log(Log& log, Request const& request, Response const& response) {
    auto const level = response.status >= 500 ? LogLevel::warning : LogLevel::info;
    if (!log.enabled(level)) return;
    auto const elapsed = std::chrono::steady_clock::now() - request.started;
    auto const id = request.id.to_string();
    auto const line = {LogField("request", id),
                       LogField("method", request.head.method_name),
                       LogField("path", loggable_path(request)),
                       LogField("operation", request.endpoint ? request.endpoint->operation.id : ""),
                       LogField("status", response.status),
                       LogField("bytes", body_length(response).value_or(0)),
                       LogField("ms", std::chrono::duration<double, std::milli>(elapsed).count()),
                       LogField("client", request.remote_address)};
    if (level == LogLevel::warning) {
        log.warning("request.answered", line);
    } else {
        log.info("request.answered", line);
    }
}

}  // namespace clinikk::http
