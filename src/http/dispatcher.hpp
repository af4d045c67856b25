#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "domain/user.hpp"
#include "http/answer_cache.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/router.hpp"

namespace clinikk::http {

/// Tells who a bearer token belongs to. Fails with `not_authenticated`.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    virtual Task<Result<Caller>> authenticate(std::string_view token) = 0;
};

struct DispatcherOptions {
    std::string public_url{};                 ///< without a trailing slash; empty: from each request's Host
    std::vector<std::string> cors_origins{};  ///< `*` for any
};

/// Turns a request into an answer: route, authorise, limit the body, call the handler, dress the answer. Whatever
/// happens on the way, there is an answer: this is one of the two places where exceptions end.
class Dispatcher {
public:
    Dispatcher(Router const& router, Authenticator& authenticator, AnswerCache::CurrentRevision revision,
               DispatcherOptions options, Log& log);

    Task<Response> handle(Request& request);

    /// The answer to a request whose head was refused, with what every answer has.
    Response refuse(Error const& error, Uuid const& request_id, std::string_view remote_address);

private:
    Task<Result<Response>> answer(Request& request);
    Task<Result<Response>> reuse_or_invoke(Request& request);
    Task<Result<Response>> invoke(Request& request);
    Task<Result<void>> authorise(Request& request);
    Result<Response> preflight(Request const& request, Router::Match const& match);
    std::string base_url_of(Request const& request) const;
    void add_facts(Response& response, ErrorCode code, Request const& request) const;
    void tell(std::string_view what, Request const& request, std::exception const& failure) const;

    Router const& router_;
    Authenticator& authenticator_;
    AnswerCache answers_;
    DispatcherOptions options_;
    Log& log_;
};

}  // namespace clinikk::http
