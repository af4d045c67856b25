#include "http/middleware.hpp"

#include <algorithm>
#include <array>

#include "http/endpoint.hpp"

namespace clinikk::http {
namespace {

void add_request_id(MiddlewareContext const&, Request const& request, Response& response) {
    char text[36];
    format_uuid(request.id, text);
    response.headers.add("X-Request-Id", {text, sizeof text});
}

void add_security_headers(MiddlewareContext const&, Request const&, Response& response) {
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Referrer-Policy", "no-referrer");
    // An answer that is not a page of ours runs nothing and embeds nothing.
    if (!response.headers.has("Content-Security-Policy")) {
        response.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    }
}

void allow_origin(MiddlewareContext const& context, Request const& request, Response& response) {
    auto const& origins = context.cors_origins;
    if (std::ranges::find(origins, "*") != origins.end()) {
        response.headers.add("Access-Control-Allow-Origin", "*");
    } else {
        response.headers.add("Vary", "Origin");
        auto const origin = request.head.find("Origin");
        if (origin.empty() || std::ranges::find(origins, origin) == origins.end()) return;
        response.headers.add("Access-Control-Allow-Origin", origin);
    }
    response.headers.add("Access-Control-Expose-Headers",
                         "Accept-Ranges, Content-Range, ETag, Link, Location, Repr-Digest, Retry-After, X-Request-Id");
}

/// The path as the log may have it. One of ours whose parameters are all ids says nothing but ids; of another one the
/// pattern is told; and what is no path of ours is not told, as it may hold a token that was put into the wrong place.
std::string_view loggable_path(Request const& request) {
    if (request.route.empty()) return "-";
    bool const only_ids = std::ranges::all_of(
        request.path_parameters, [](auto const& parameter) { return Uuid::from_string(parameter.second).has_value(); });
    return only_ids ? request.head.path : request.route;
}

void write_access_log(MiddlewareContext const& context, Request const& request, Response& response) {
    auto const level = response.status >= 500 ? LogLevel::warning : LogLevel::info;
    if (!context.log.enabled(level)) return;
    auto const elapsed = std::chrono::steady_clock::now() - request.started;
    auto const id = request.id.to_string();
    auto const line = {LogField("request", id),
                       LogField("method", request.head.method),
                       LogField("path", loggable_path(request)),
                       LogField("operation", request.endpoint ? request.endpoint->operation.id : ""),
                       LogField("status", response.status),
                       LogField("bytes", body_length(response).value_or(0)),
                       LogField("ms", std::chrono::duration<double, std::milli>(elapsed).count()),
                       LogField("client", request.remote_address)};
    if (level == LogLevel::warning) {
        context.log.warning("request", line);
    } else {
        context.log.info("request", line);
    }
}

struct Middleware {
    std::string_view reason;
    void (*apply)(MiddlewareContext const&, Request const&, Response&);
};

/// The order, and why.
constexpr std::array middlewares{
    Middleware{"first, so that whatever follows can be traced", add_request_id},
    Middleware{"on every answer, errors included; handlers may have set a policy of their own", add_security_headers},
    Middleware{"errors too must be readable by scripts of an allowed origin", allow_origin},
    Middleware{"last, so that it tells what is sent", write_access_log},
};

}  // namespace

void dress(MiddlewareContext const& context, Request const& request, Response& response) {
    for (auto const& middleware : middlewares) middleware.apply(context, request, response);
}

}  // namespace clinikk::http
