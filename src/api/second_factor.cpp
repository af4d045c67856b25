#include "api/second_factor.hpp"

#include "api/no_content.hpp"
#include "api/routes.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {

void add_second_factor_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<begin_totp>({.method = Method::post,
                            .path = "/auth/totp",
                            .tag = "auth",
                            .summary = "Make an authenticator for the account",
                            .description =
                                "Returns the secret of a new TOTP authenticator (RFC 6238: SHA-1, 6 digits, "
                                "30 seconds). Logins need it once `/auth/totp/confirm` has seen a code of "
                                "it; until then, beginning again replaces it. Needs the password; of an account "
                                "without one, a sign-in within the last five minutes.",
                            .access = Access::signed_in,
                            .body = {BodyForm::json},
                            .headers = {answer_header::cache_control},
                            .errors = {password_wrong, fresh_sign_in_required, rate_limited, totp_active}});
    routes.add<confirm_totp>({.method = Method::post,
                              .path = "/auth/totp/confirm",
                              .tag = "auth",
                              .summary = "Make logins need the authenticator",
                              .description =
                                  "Takes the first code of the authenticator. Returns ten recovery codes, "
                                  "which are shown only now; each replaces a code of the authenticator once.",
                              .access = Access::signed_in,
                              .body = {BodyForm::json},
                              .headers = {answer_header::cache_control},
                              .errors = {totp_wrong, totp_not_found, rate_limited}});
    routes.add<remove_totp>({.method = Method::del,
                             .path = "/auth/totp",
                             .tag = "auth",
                             .summary = "Remove the second factor of the account",
                             .description = "Needs a code of the authenticator or a recovery code.",
                             .access = Access::signed_in,
                             .body = {BodyForm::json},
                             .errors = {totp_wrong, totp_not_found, rate_limited},
                             .answers = {no_content_answer("Logins need the password only")}});
}

Task<Result<Reply<NewTotpView>>> begin_totp(Services& services, Request& request, BeginTotpRequest wanted) {
    std::optional<std::string_view> password;
    if (wanted.password) password = wanted.password->value();
    auto made =
        co_await services.second_factors.begin(*request.caller, password, client_network(request.remote_address));
    if (!made) co_return made.error();
    Reply<NewTotpView> reply{{std::move(made->secret), std::move(made->address)}};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<RecoveryCodesView>>> confirm_totp(Services& services, Request& request, TotpCodeRequest wanted) {
    auto const network = client_network(request.remote_address);
    auto codes = co_await services.second_factors.confirm(*request.caller, wanted.totp_code->value(), network);
    if (!codes) co_return codes.error();
    Reply<RecoveryCodesView> reply{{std::move(*codes)}};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Response>> remove_totp(Services& services, Request& request, TotpCodeRequest wanted) {
    auto const network = client_network(request.remote_address);
    auto const removed = co_await services.second_factors.remove(*request.caller, wanted.totp_code->value(), network);
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace clinikk::api
