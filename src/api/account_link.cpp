#include "api/account_link.hpp"

#include "api/routes.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {
namespace {

PlainAnswer without_content(int status, std::string_view description) {
    return {status, "", description, {answer_header::cache_control}};
}

Result<Response> answer_without_content(int status, Result<void> const& done) {
    if (!done) return done.error();
    Response response;
    response.status = status;
    response.headers.add("Cache-Control", "no-store");
    return response;
}

}  // namespace

void add_account_link_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<request_password_reset>(
        {.method = Method::post,
         .path = "/auth/password-reset",
         .tag = "auth",
         .summary = "Ask for a new password",
         .description =
             "Mails a one-time link, good for an hour, to the active account with this address. The answer is "
             "the same for an address that no account has. Requests are slowed down for each address and "
             "client network, and an account gets at most three such mails within an hour.",
         .body = {BodyForm::json},
         .errors = {mail_unavailable, rate_limited},
         .answers = {without_content(202, "If an account has this address, a mail is on its way")}});
    routes.add<confirm_password_reset>(
        {.method = Method::post,
         .path = "/auth/password-reset/confirm",
         .tag = "auth",
         .summary = "Set a new password with the token of the link",
         .description = "The token is used up. All sessions and API keys of the account end.",
         .body = {BodyForm::json},
         .errors = {one_time_token_invalid},
         .answers = {without_content(204, "The password is set")}});
    routes.add<verify_email>({.method = Method::post,
                              .path = "/auth/verify-email",
                              .tag = "auth",
                              .summary = "Verify an e-mail address with the token of the link",
                              .description = "The link is mailed when an account registers, if the service has a mail "
                                             "server. The token is used up.",
                              .body = {BodyForm::json},
                              .errors = {one_time_token_invalid},
                              .answers = {without_content(204, "The address is verified")}});
    routes.add<resend_verification>(
        {.method = Method::post,
         .path = "/auth/verify-email/resend",
         .tag = "auth",
         .summary = "Ask for another link that verifies the e-mail address",
         .description =
             "Mails a link, good for a day, to the active account with this address unless it is verified. The "
             "answer and the limits are those of `/auth/password-reset`.",
         .body = {BodyForm::json},
         .errors = {mail_unavailable, rate_limited},
         .answers = {without_content(202, "If an unverified account has this address, a mail is on its way")}});
}

Task<Result<Response>> request_password_reset(Services& services, Request& request, LinkRequest wanted) {
    auto const done = co_await services.links.request_password_reset(
        *wanted.email, client_network(request.remote_address), origin_of(request));
    co_return answer_without_content(202, done);
}

Task<Result<Response>> confirm_password_reset(Services& services, Request& request,
                                              ConfirmPasswordResetRequest wanted) {
    auto const done = co_await services.links.reset_password(
        wanted.token->value(), *wanted.new_password, client_network(request.remote_address), origin_of(request));
    co_return answer_without_content(204, done);
}

Task<Result<Response>> verify_email(Services& services, Request& request, VerifyEmailRequest wanted) {
    auto const done = co_await services.links.verify_email(wanted.token->value(),
                                                           client_network(request.remote_address), origin_of(request));
    co_return answer_without_content(204, done);
}

Task<Result<Response>> resend_verification(Services& services, Request& request, LinkRequest wanted) {
    auto const done = co_await services.links.request_verification(
        *wanted.email, client_network(request.remote_address), origin_of(request));
    co_return answer_without_content(202, done);
}

}  // namespace clinikk::api
