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
    ErrorKind{ErrorCode::refresh_token_invalid, "refresh_token_invalid", 401, "Refresh token not valid",
              "The refresh token is unknown, expired or was used before, or its session has ended. Log in again."},
    ErrorKind{ErrorCode::refresh_token_reused, "refresh_token_reused", 409, "Refresh token just used",
              "Another request has used this refresh token a moment ago. Use the tokens from its answer."},
    ErrorKind{ErrorCode::session_not_found, "session_not_found", 404, "Session not found",
              "The account has no session with this id, or it has ended."},
    ErrorKind{ErrorCode::password_wrong, "password_wrong", 403, "Wrong password",
              "The current password is not the password of the account."},
    ErrorKind{ErrorCode::email_unverified, "email_unverified", 403, "E-mail address not verified",
              "The password is right, but the e-mail address has not been verified. Open the link in the mail, or ask "
              "for another one with POST /auth/verify-email/resend."},
    ErrorKind{ErrorCode::one_time_token_invalid, "one_time_token_invalid", 403, "Token not valid",
              "The token of the link is unknown, used or expired. Ask for another link."},
    ErrorKind{ErrorCode::mail_unavailable, "mail_unavailable", 409, "Mail is not available",
              "This service has no mail server (SMTP_URL). Ask its administrator instead."},
};

}  // namespace clinikk::errors
