#include "http/dispatcher.hpp"

#include <algorithm>
#include <system_error>

#include "http/content_coding.hpp"
#include "http/endpoint.hpp"
#include "http/forwarded.hpp"
#include "http/middleware.hpp"
#include "http/problem.hpp"
#include "http/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr std::string_view bearer = "Bearer";

/// What the access log says where nobody is left to be answered; nginx's number.
constexpr int client_closed_request = 499;

bool knows_method(std::string_view method) {
    constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"};
    return std::ranges::find(known, method) != std::end(known);
}

/// The token of `Bearer 1*SP token` (RFC 6750 section 2.1, RFC 9110 section 11.4); empty when it is nothing of the
/// kind.
std::string_view bearer_token(std::string_view credentials) noexcept {
    if (!same_ignoring_case(credentials.substr(0, bearer.size()), bearer)) return {};
    credentials.remove_prefix(bearer.size());
    auto const token = credentials.find_first_not_of(' ');
    return token == 0 || token == std::string_view::npos ? std::string_view() : credentials.substr(token);
}

/// No descriptor is left in the process or in the system: nobody's fault, and it passes.
bool is_lack_of_descriptors(std::error_code const& code) noexcept {
    return code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
}

/// The announced length decides before a byte of the body is asked for.
Result<void> check_announced_length(Request const& request, Operation const& operation) {
    bool const too_large = request.head.framing == BodyFraming::length && !operation.body.empty() &&
                           request.head.content_length > operation.body_limit;
    if (too_large) return Error(operation.over_limit);
    return {};
}

}  // namespace

Dispatcher::Dispatcher(Router const& router, Authenticator& authenticator, AnswerCache::CurrentRevision revision,
                       DispatcherOptions options, Log& log)
    : router_(router),
      authenticator_(authenticator),
      answers_(std::move(revision)),
      options_(std::move(options)),
      log_(log) {}

Task<Response> Dispatcher::handle(Request& request) {
    request.base_url = base_url_of(request);
    Result<Response> outcome = Error(ErrorCode::internal);
    try {
        outcome = co_await answer(request);
    } catch (Unavailable const& failure) {
        outcome = Error(ErrorCode::unavailable);
        if (!request.abandoned) tell("dependency failed", request, failure);
    } catch (std::system_error const& failure) {
        outcome = Error(is_lack_of_descriptors(failure.code()) ? ErrorCode::unavailable : ErrorCode::internal);
        if (!request.abandoned) tell("request failed", request, failure);
    } catch (std::exception const& failure) {
        outcome = Error(ErrorCode::internal);
        if (!request.abandoned) tell("request failed", request, failure);
    }
    auto response = outcome ? std::move(*outcome) : problem_response(outcome.error(), request.base_url, request.id);
    if (!outcome) add_facts(response, outcome.error().code, request);
    if (request.abandoned) {
        response = Response{};
        response.status = client_closed_request;
    }
    dress({options_.cors_origins, log_}, request, response);
    co_return response;
}

std::string Dispatcher::base_url_of(Request const& request) const {
    if (!options_.public_url.empty()) return options_.public_url;
    if (request.via_proxy) return forwarded_base_url(request.head, request.authority);
    return "http://" + std::string(request.authority);
}

/// Fields that belong to an error whatever was asked for.
void Dispatcher::add_facts(Response& response, ErrorCode code, Request const& request) const {
    if (code == ErrorCode::method_not_allowed) {
        response.headers.add("Allow", router_.find(request.head.method, request.head.path).allow);
    }
    // RFC 9110 section 12.5.3: it tells this 415 from that for a media type.
    if (code == ErrorCode::unsupported_content_coding) response.headers.add("Accept-Encoding", "identity");
}

void Dispatcher::tell(std::string_view what, Request const& request, std::exception const& failure) const {
    log_.error(what, {{"request", request.id.to_string()}, {"error", failure.what()}});
}

Response Dispatcher::refuse(Error const& error, Uuid const& request_id, std::string_view remote_address) {
    log_.info("request refused", {{"request", request_id.to_string()},
                                  {"code", describe(error.code).name},
                                  {"detail", error.detail},
                                  {"client", remote_address}});
    auto response = problem_response(error, options_.public_url, request_id);
    response.close = true;
    return response;
}

Task<Result<Response>> Dispatcher::answer(Request& request) {
    auto match = router_.find(request.head.method, request.head.path);
    request.route = match.pattern;
    request.path_parameters = std::move(match.parameters);
    if (request.head.method == "OPTIONS") co_return preflight(request, match);
    if (match.endpoint == nullptr) {
        if (!knows_method(request.head.method)) co_return Error(ErrorCode::not_implemented);
        co_return Error(match.allow.empty() ? ErrorCode::not_found : ErrorCode::method_not_allowed);
    }
    auto const& endpoint = *match.endpoint;
    request.endpoint = &endpoint;
    if (auto const allowed = co_await authorise(request); !allowed) co_return allowed.error();
    if (!endpoint.operation.body.empty()) {
        if (auto const plain = check_content_coding(request.head); !plain) co_return plain.error();
    }
    if (auto const fits = check_announced_length(request, endpoint.operation); !fits) co_return fits.error();
    request.body.limit(endpoint.operation.body_limit, endpoint.operation.over_limit);
    co_return co_await reuse_or_invoke(request);
}

Task<Result<Response>> Dispatcher::reuse_or_invoke(Request& request) {
    auto const revision = request.endpoint->operation.reusable ? answers_.revision() : std::nullopt;
    if (!revision) co_return co_await invoke(request);
    if (auto kept = answers_.find(*revision, request)) co_return std::move(*kept);
    auto outcome = co_await invoke(request);
    if (outcome) answers_.insert(*revision, request, *outcome);
    co_return outcome;
}

Task<Result<Response>> Dispatcher::invoke(Request& request) {
    auto const& endpoint = *request.endpoint;
    auto outcome = co_await endpoint.invoke(request);
    if (outcome) {
        compress(request, *outcome);
    } else {
        auto const listed = listed_errors(endpoint);
        if (std::ranges::find(listed, outcome.error().code) == listed.end()) {
            // The API document would lie: a defect of ours, found by the first test that meets it.
            log_.error("unlisted error", {{"operation", endpoint.operation.id},
                                          {"code", describe(outcome.error().code).name},
                                          {"detail", outcome.error().detail}});
            co_return Error(ErrorCode::internal);
        }
    }
    co_return outcome;
}

Task<Result<void>> Dispatcher::authorise(Request& request) {
    auto const access = request.endpoint->operation.access;
    if (access == Access::anyone) co_return Result<void>{};
    auto const token = bearer_token(request.head.find("Authorization"));
    if (token.empty()) co_return Error(ErrorCode::not_authenticated);
    auto caller = co_await authenticator_.authenticate(token);
    if (!caller) co_return caller.error();
    if (access == Access::editor && caller->user.role == Role::viewer) co_return Error(ErrorCode::forbidden);
    request.caller = std::move(*caller);
    co_return Result<void>{};
}

Result<Response> Dispatcher::preflight(Request const& request, Router::Match const& match) {
    bool const everything = request.head.target == "*";
    if (match.allow.empty() && !everything) return Error(ErrorCode::not_found);
    Response response;
    response.status = 204;
    if (!everything) response.headers.add("Allow", match.allow);
    if (!request.head.find("Access-Control-Request-Method").empty()) {
        response.headers.add("Access-Control-Allow-Methods", match.allow);
        response.headers.add("Access-Control-Allow-Headers",
                             "Authorization, Content-Type, Range, If-Range, If-Match, "
                             "If-None-Match, If-Modified-Since, If-Unmodified-Since");
        response.headers.add("Access-Control-Max-Age", "86400");
    }
    return response;
}

}  // namespace clinikk::http
