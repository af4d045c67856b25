#include "api/session.hpp"

#include "api/no_content.hpp"
#include "api/routes.hpp"
#include "base/json_text.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {

void add_session_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<create_token>(
        {.method = Method::post,
         .path = "/auth/token",
         .tag = "auth",
         .summary = "Log in",
         .description =
             "Takes JSON with `email` and `password`, or the form of the OAuth2 password grant with "
             "`username` and `password`. Wrong passwords are slowed down for each account and client "
             "address: `Retry-After` says when to come back. An account with a second factor needs `totp_code` "
             "too: a code of the authenticator, or a recovery code. With `grant_type=refresh_token` it takes a "
             "`refresh_token` instead, as `/auth/refresh` does.",
         .body = {BodyForm::json, BodyForm::urlencoded},
         .headers = {answer_header::cache_control},
         .errors = {credentials_invalid, email_unverified, rate_limited, totp_required, totp_wrong,
                    refresh_token_invalid, refresh_token_reused}});
    routes.add<refresh_token>(
        {.method = Method::post,
         .path = "/auth/refresh",
         .tag = "auth",
         .summary = "Continue a session",
         .description =
             "Returns a new access token and a new refresh token. Each refresh token is used once; using one "
             "again ends its session, because somebody else may have it. A client that repeats the request "
             "within ten seconds gets 409 instead, and its session goes on. A client network that shows many "
             "unknown tokens is told 429 for them.",
         .body = {BodyForm::json, BodyForm::urlencoded},
         .headers = {answer_header::cache_control},
         .errors = {refresh_token_invalid, refresh_token_reused, email_unverified}});
    routes.add<change_password>(
        {.method = Method::put,
         .path = "/auth/password",
         .tag = "auth",
         .summary = "Change the password of the account",
         .description = "Needs the current password. All other sessions of the account end.",
         .access = Access::signed_in,
         .body = {BodyForm::json},
         .errors = {password_wrong, rate_limited},
         .answers = {no_content_answer("The password is changed; only the session that calls goes on")}});
    routes.add<log_out>({.method = Method::post,
                         .path = "/auth/logout",
                         .tag = "auth",
                         .summary = "End the session that calls",
                         .access = Access::signed_in,
                         .answers = {no_content_answer("The session has ended; its tokens are refused from now on")}});
    routes.add<log_out_everywhere>({.method = Method::post,
                                    .path = "/auth/logout-all",
                                    .tag = "auth",
                                    .summary = "End all sessions of the account",
                                    .access = Access::signed_in,
                                    .answers = {no_content_answer("All sessions have ended, the one that calls too")}});
    routes.add<list_sessions>({.method = Method::get,
                               .path = "/auth/sessions",
                               .tag = "auth",
                               .summary = "The sessions of the account",
                               .description =
                                   "At most 100, the one used last first. `device` is the `User-Agent` of the "
                                   "login.",
                               .access = Access::signed_in,
                               .headers = {answer_header::cache_control}});
    routes.add<end_session>(
        {.method = Method::del,
         .path = "/auth/sessions/{session_id}",
         .tag = "auth",
         .summary = "End a session of the account",
         .access = Access::signed_in,
         .errors = {session_not_found},
         .answers = {no_content_answer("The session has ended; its tokens are refused from now on")}});
    routes.add<get_public_keys>(
        {.method = Method::get,
         .path = "/.well-known/jwks.json",
         .tag = "auth",
         .summary = "The public keys that check access tokens",
         .description = "A JWK Set (RFC 7517). It is empty when tokens are signed with a shared "
                        "secret. A token names its key by `kid`.",
         .answers = {{200, "application/jwk-set+json", "The keys", {answer_header::cache_control}}}});
}

void TokenRequest::check(std::vector<FieldError>& errors) const {
    if (wants_refresh()) {
        if (!refresh_token) errors.push_back(field_error("refresh_token", "is required"));
        return;
    }
    // The OAuth2 form calls the e-mail address `username`.
    if (!email && !username) errors.push_back(field_error(grant_type ? "username" : "email", "is required"));
    if (!password) errors.push_back(field_error("password", "is required"));
    bool const other_grant = grant_type && !grant_type->value().empty() && grant_type->value() != "password";
    if (other_grant) errors.push_back(field_error("grant_type", "must be password or refresh_token"));
}

LoginClient login_client(Request const& request) {
    auto origin = origin_of(request);
    return {
        .network = client_network(request.remote_address), .device = origin.user_agent, .origin = std::move(origin)};
}

Result<Reply<TokenView>> token_reply(Result<Login> login) {
    if (!login) return login.error();
    Reply<TokenView> reply{{std::move(login->access_token), "bearer", login->expires_in.count(),
                            std::move(login->refresh_token), login->refresh_expires_in.count()}};
    reply.headers.add("Cache-Control", "no-store");
    return reply;
}

SessionView view_session(Session const& session, Uuid current) {
    return {session.id,         session.device,
            session.created_at, session.last_used_at.value_or(session.created_at),
            session.expires_at, session.id == current};
}

Task<Result<Reply<TokenView>>> create_token(Services& services, Request& request, TokenRequest wanted) {
    if (wanted.wants_refresh()) {
        auto refreshed = co_await services.sessions.refresh(wanted.refresh_token->value(),
                                                            client_network(request.remote_address), origin_of(request));
        co_return token_reply(std::move(refreshed));
    }
    auto const& name = wanted.email ? wanted.email->value() : wanted.username->value();
    auto client = login_client(request);
    if (wanted.totp_code) client.code = wanted.totp_code->value();
    auto login = co_await services.sessions.log_in(name, wanted.password->value(), std::move(client));
    co_return token_reply(std::move(login));
}

Task<Result<Reply<TokenView>>> refresh_token(Services& services, Request& request, RefreshRequest wanted) {
    auto refreshed = co_await services.sessions.refresh(wanted.refresh_token->value(),
                                                        client_network(request.remote_address), origin_of(request));
    co_return token_reply(std::move(refreshed));
}

Task<Result<Response>> change_password(Services& services, Request& request, ChangePasswordRequest wanted) {
    auto const changed =
        co_await services.sessions.change_password(*request.caller, wanted.current_password->value(),
                                                   *wanted.new_password, client_network(request.remote_address));
    if (!changed) co_return changed.error();
    co_return no_content();
}

Task<Result<Response>> log_out(Services& services, Request& request, NoInput) {
    auto const& caller = *request.caller;
    // Another request may have ended the session a moment ago.
    co_await services.sessions.end(caller, caller.credential.id());
    co_return no_content();
}

Task<Result<Response>> log_out_everywhere(Services& services, Request& request, NoInput) {
    co_await services.sessions.end_all(*request.caller);
    co_return no_content();
}

Task<Result<Reply<std::vector<SessionView>>>> list_sessions(Services& services, Request& request, NoInput) {
    auto const sessions = co_await services.sessions.list(*request.caller);
    Reply<std::vector<SessionView>> reply;
    auto const& current = request.caller->credential.id();
    for (auto const& session : sessions) reply.value.push_back(view_session(session, current));
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Response>> end_session(Services& services, Request& request, SessionRequest wanted) {
    auto const ended = co_await services.sessions.end(*request.caller, wanted.session_id->value());
    if (!ended) co_return ended.error();
    co_return no_content();
}

Task<Result<Response>> get_public_keys(Services& services, Request&, NoInput) {
    auto response = http::text_response(200, "application/jwk-set+json", services.public_keys);
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

}  // namespace clinikk::api
