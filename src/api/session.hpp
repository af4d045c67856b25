#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.hpp"
#include "domain/values.hpp"

/// Logins: the requests and the handlers.
namespace clinikk::api {

/// JSON with `email`, or the OAuth2 password grant with `username` (RFC 6749 section 4.3.2).
struct TokenRequest {
    FormField<std::optional<Text<1, 320>>> email;
    FormField<std::optional<Text<1, 320>>> username;
    FormField<LoginPassword> password;
    FormField<std::optional<Text<0, 64>>> grant_type;
    FormField<std::optional<Text<0, 1000>>> scope;
    FormField<std::optional<Text<0, 1000>>> client_id;
    FormField<std::optional<Text<0, 1000>>> client_secret;

    void check(std::vector<FieldError>& errors) const;
};
BOOST_DESCRIBE_STRUCT(TokenRequest, (), (email, username, password, grant_type, scope, client_id, client_secret))

struct TokenView {
    static constexpr std::string_view schema_name = "Token";
    std::string access_token;
    std::string_view token_type;
    std::int64_t expires_in;  ///< seconds
};
BOOST_DESCRIBE_STRUCT(TokenView, (), (access_token, token_type, expires_in))

Task<Result<Reply<TokenView>>> create_token(Services& services, Request& request, TokenRequest wanted);

}  // namespace clinikk::api
