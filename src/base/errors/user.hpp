#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Accounts, logins and permissions.
inline constexpr std::array user_errors{
    ErrorKind{ErrorCode::not_authenticated, "not_authenticated", 401, "Not authenticated",
              "The operation needs a valid access token: send it as `Authorization: Bearer <token>`. "
              "Tokens come from POST /auth/token and expire."},
    ErrorKind{ErrorCode::credentials_invalid, "credentials_invalid", 401, "Incorrect email or password",
              "No active account has this e-mail address and password."},
    ErrorKind{ErrorCode::forbidden, "forbidden", 403, "Not permitted",
              "The account is known but may not do this: only the owner or an administrator may."},
    ErrorKind{ErrorCode::email_taken, "email_taken", 409, "Email already registered",
              "An account with this e-mail address exists. Log in instead, or use another address."},
    ErrorKind{ErrorCode::rate_limited, "rate_limited", 429, "Too many requests",
              "Too many requests in a short time. Wait as long as Retry-After says."},
};

}  // namespace clinikk::errors
