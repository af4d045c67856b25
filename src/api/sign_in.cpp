#include "api/sign_in.hpp"

#include <algorithm>

#include "api/routes.hpp"
#include "domain/client_network.hpp"

namespace clinikk::api {
namespace {

constexpr std::size_t challenge_length = 43;
constexpr std::size_t max_verifier_length = 128;
constexpr std::string_view callback_path = "/auth/oidc/callback";
/// The cookie that binds a sign-in to the browser that began it (RFC 9700 section 4.7). Over https it has the prefix
/// that keeps other hosts from setting it (RFC 6265bis section 4.1.3.2); browsers refuse the prefix without TLS.
constexpr std::string_view secure_cookie = "__Host-sign_in";
constexpr std::string_view plain_cookie = "sign_in";
constexpr std::string_view cookie_life = "600";  // seconds, as long as a sign-in may take

bool is_unreserved(char c) {
    bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_base64url(char c) { return is_unreserved(c) && c != '.' && c != '~'; }

bool is_https(Request const& request) { return request.base_url.starts_with("https://"); }

std::string_view cookie_name(Request const& request) { return is_https(request) ? secure_cookie : plain_cookie; }

std::string cookie_of(Request const& request, std::string_view secret, std::string_view life) {
    std::string cookie(cookie_name(request));
    cookie.append("=").append(secret).append("; Path=/; HttpOnly; SameSite=Lax; Max-Age=").append(life);
    if (is_https(request)) cookie += "; Secure";
    return cookie;
}

/// Sends the browser on.
Response see(std::string const& location, std::string cookie) {
    Response response;
    response.status = 302;
    response.headers.add("Location", location);
    response.headers.add("Set-Cookie", std::move(cookie));
    response.headers.add("Cache-Control", "no-store");
    return response;
}

constexpr AnswerHeader set_cookie{"Set-Cookie", "Binds the sign-in to this browser"};

}  // namespace

Parsed<CodeChallenge> CodeChallenge::parse(std::string_view text) {
    if (text.size() != challenge_length || !std::ranges::all_of(text, is_base64url)) {
        return "must be the SHA-256 of the verifier in base64url";
    }
    return CodeChallenge(std::string(text));
}

ValueSchema CodeChallenge::schema() {
    return {.pattern = "^[A-Za-z0-9_-]{43}$",
            .description = "S256 of a `code_verifier` of the app (RFC 7636)",
            .example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"};
}

Parsed<CodeVerifier> CodeVerifier::parse(std::string_view text) {
    bool const fits = text.size() >= challenge_length && text.size() <= max_verifier_length;
    if (!fits || !std::ranges::all_of(text, is_unreserved)) return "must be 43 to 128 letters, digits and -._~";
    return CodeVerifier(std::string(text));
}

ValueSchema CodeVerifier::schema() {
    return {.pattern = "^[A-Za-z0-9._~-]{43,128}$",
            .description = "What `code_challenge` was made of (RFC 7636)",
            .example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"};
}

void add_sign_in_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<begin_sign_in>(
        {.method = Method::get,
         .path = "/auth/oidc/authorize",
         .tag = "auth",
         .summary = "Sign in by the identity provider",
         .description = "For the browser: sends it to the provider, and back to `redirect_uri` of the app in the end, "
                        "with a `code` for `/auth/oidc/token`, or with an `error`: `sign_in_denied`, "
                        "`identity_provider_failed`, `identity_email_unverified`, `identity_unknown` or "
                        "`account_disabled`. `state` comes back unchanged. Sign-ins are slowed down for each client "
                        "network.",
         .errors = {sign_in_not_offered, identity_provider_failed},
         .answers =
             {{302, "", "The provider's page", {answer_header::location, set_cookie, answer_header::cache_control}}},
         .has_head = false});
    routes.add<finish_sign_in>(
        {.method = Method::get,
         .path = callback_path,
         .tag = "auth",
         .summary = "Come back from the identity provider",
         .description = "For the browser: this address is registered at the provider.",
         .errors = {sign_in_not_offered, sign_in_expired},
         .answers = {{302, "", "The app", {answer_header::location, set_cookie, answer_header::cache_control}}},
         .has_head = false});
    routes.add<redeem_sign_in>(
        {.method = Method::post,
         .path = "/auth/oidc/token",
         .tag = "auth",
         .summary = "Turn the code of a sign-in into a session",
         .description = "The code works once, within a minute. An account with a second factor needs `totp_code` too; "
                        "then the code works for five minutes.",
         .body = {BodyForm::json, BodyForm::urlencoded},
         .headers = {answer_header::cache_control},
         .errors = {sign_in_not_offered, sign_in_code_invalid, account_disabled, totp_required, totp_wrong,
                    rate_limited}});
}

Task<Result<Response>> begin_sign_in(Services& services, Request& request, BeginSignInRequest wanted) {
    auto const& redirect_url = wanted.redirect_uri->value();
    if (services.sign_ins.is_offered() && !services.sign_ins.allows(redirect_url)) {
        std::vector<FieldError> errors{field_error("redirect_uri", "is not one of OIDC_REDIRECT_URLS")};
        co_return validation_error(std::move(errors));
    }
    WantedSignIn sign_in{.redirect_url = redirect_url,
                         .code_challenge = wanted.code_challenge->value(),
                         .app_state = wanted.state ? wanted.state->value() : std::string(),
                         .callback_url = request.base_url + std::string(callback_path)};
    auto const begun = co_await services.sign_ins.begin(std::move(sign_in), client_network(request.remote_address));
    if (!begun) co_return begun.error();
    co_return see(begun->location, cookie_of(request, begun->browser_secret, cookie_life));
}

Task<Result<Response>> finish_sign_in(Services& services, Request& request, FinishSignInRequest wanted) {
    auto const text_of = [](auto const& member) { return member ? member->value() : std::string(); };
    auto const cookie = http::find_cookie(&request.head, cookie_name(request));
    // Two cookies of the name: one of them is not ours.
    ReturnedSignIn returned{.browser_secret = std::string(cookie.count == 1 ? cookie.text.value_or("") : ""),
                            .state = wanted.state->value(),
                            .code = wanted.error ? std::string() : text_of(wanted.code),
                            .issuer = text_of(wanted.iss),
                            .origin = origin_of(request)};
    auto const address = co_await services.sign_ins.finish(std::move(returned), client_network(request.remote_address));
    if (!address) co_return address.error();
    co_return see(*address, cookie_of(request, "", "0"));
}

Task<Result<Reply<TokenView>>> redeem_sign_in(Services& services, Request& request, RedeemSignInRequest wanted) {
    auto client = login_client(request);
    if (wanted.totp_code) client.code = wanted.totp_code->value();
    auto login =
        co_await services.sign_ins.redeem(wanted.code->value(), wanted.code_verifier->value(), std::move(client));
    co_return token_reply(std::move(login));
}

}  // namespace clinikk::api
