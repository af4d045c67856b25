#include "api/session.hpp"

#include "api/routes.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {

void add_session_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<create_token>({.method = Method::post,
                              .path = "/auth/token",
                              .tag = "auth",
                              .summary = "Log in",
                              .description =
                                  "Takes JSON with `email` and `password`, or the form of the OAuth2 "
                                  "password grant with `username` and `password`. Wrong passwords are slowed down "
                                  "for each account and client address: `Retry-After` says when to come back.",
                              .body = {BodyForm::json, BodyForm::urlencoded},
                              .headers = {answer_header::cache_control},
                              .errors = {credentials_invalid, rate_limited}});
}

void TokenRequest::check(std::vector<FieldError>& errors) const {
    // The OAuth2 form calls the e-mail address `username`.
    if (!email && !username) errors.push_back(field_error(grant_type ? "username" : "email", "is required"));
    bool const other_grant = grant_type && !grant_type->value().empty() && grant_type->value() != "password";
    if (other_grant) errors.push_back(field_error("grant_type", "must be password"));
}

Task<Result<Reply<TokenView>>> create_token(Services& services, Request& request, TokenRequest wanted) {
    auto const& name = wanted.email ? wanted.email->value() : wanted.username->value();
    auto login =
        co_await services.sessions.log_in(name, wanted.password->value(), client_network(request.remote_address));
    if (!login) co_return login.error();
    Reply<TokenView> reply{{std::move(login->access_token), "bearer", login->expires_in.count()}};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

}  // namespace clinikk::api
