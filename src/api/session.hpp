#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/second_factor.hpp"
#include "api/services.hpp"
#include "domain/values.hpp"

/// Logins and sessions: the requests and the handlers.
namespace clinikk::api {

using RefreshTokenText = Text<1, 200>;

/// JSON with `email`, or the OAuth2 password grant with `username` (RFC 6749 section 4.3.2), or a refresh token
/// (section 6).
struct TokenRequest {
    FormField<std::optional<Text<1, 320>>> email;
    FormField<std::optional<Text<1, 320>>> username;
    FormField<std::optional<LoginPassword>> password;
    FormField<std::optional<SecondFactorCode>> totp_code;  ///< or a recovery code
    FormField<std::optional<RefreshTokenText>> refresh_token;
    FormField<std::optional<Text<0, 64>>> grant_type;
    FormField<std::optional<Text<0, 1000>>> scope;
    FormField<std::optional<Text<0, 1000>>> client_id;
    FormField<std::optional<Text<0, 1000>>> client_secret;

    bool wants_refresh() const { return grant_type && grant_type->value() == "refresh_token"; }
    void check(std::vector<FieldError>& errors) const;
};
BOOST_DESCRIBE_STRUCT(TokenRequest, (),
                      (email, username, password, totp_code, refresh_token, grant_type, scope, client_id,
                       client_secret))

struct RefreshRequest {
    FormField<RefreshTokenText> refresh_token;
};
BOOST_DESCRIBE_STRUCT(RefreshRequest, (), (refresh_token))

struct ChangePasswordRequest {
    FormField<LoginPassword> current_password;
    FormField<Password> new_password;
};
BOOST_DESCRIBE_STRUCT(ChangePasswordRequest, (), (current_password, new_password))

struct SessionRequest {
    Path<UuidValue> session_id;
};
BOOST_DESCRIBE_STRUCT(SessionRequest, (), (session_id))

struct TokenView {
    static constexpr std::string_view schema_name = "Token";
    std::string access_token;
    std::string_view token_type;
    std::int64_t expires_in;  ///< seconds
    std::string refresh_token;
    std::int64_t refresh_expires_in;  ///< seconds
};
BOOST_DESCRIBE_STRUCT(TokenView, (), (access_token, token_type, expires_in, refresh_token, refresh_expires_in))

struct SessionView {
    static constexpr std::string_view schema_name = "Session";
    Uuid id;
    std::string device;
    Timestamp created_at;
    Timestamp last_used_at;
    Timestamp expires_at;
    bool is_current;
};
BOOST_DESCRIBE_STRUCT(SessionView, (), (id, device, created_at, last_used_at, expires_at, is_current))

/// `current` is the session that calls.
SessionView view_session(Session const& session, Uuid current);
/// The client of a login, without a code of the second factor.
LoginClient login_client(Request const& request);
/// The answer to whoever has logged in.
Result<Reply<TokenView>> token_reply(Result<Login> login);

Task<Result<Reply<TokenView>>> create_token(Services& services, Request& request, TokenRequest wanted);
Task<Result<Reply<TokenView>>> refresh_token(Services& services, Request& request, RefreshRequest wanted);
Task<Result<Response>> change_password(Services& services, Request& request, ChangePasswordRequest wanted);
Task<Result<Response>> log_out(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> log_out_everywhere(Services& services, Request& request, NoInput nothing);
Task<Result<Reply<std::vector<SessionView>>>> list_sessions(Services& services, Request& request, NoInput nothing);
Task<Result<Response>> end_session(Services& services, Request& request, SessionRequest wanted);
Task<Result<Response>> get_public_keys(Services& services, Request& request, NoInput nothing);

}  // namespace clinikk::api
