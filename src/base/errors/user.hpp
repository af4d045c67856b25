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
    ErrorKind{
        ErrorCode::fresh_sign_in_required, "fresh_sign_in_required", 403, "Fresh sign-in required",
        "The account has no password, so the identity provider vouches for its owner: sign in again, and send the "
        "request within five minutes."},
    ErrorKind{ErrorCode::email_unverified, "email_unverified", 403, "E-mail address not verified",
              "The e-mail address of the account has not been verified. Open the link in the mail, or ask "
              "for another one with POST /auth/verify-email/resend."},
    ErrorKind{ErrorCode::one_time_token_invalid, "one_time_token_invalid", 403, "Token not valid",
              "The token of the link is unknown, used or expired. Ask for another link."},
    ErrorKind{ErrorCode::mail_unavailable, "mail_unavailable", 409, "Mail is not available",
              "This service has no mail server (SMTP_URL). Ask its administrator instead."},
    ErrorKind{ErrorCode::account_disabled, "account_disabled", 403, "Account disabled",
              "An administrator has disabled the account."},
    ErrorKind{
        ErrorCode::totp_required, "totp_required", 403, "Second factor required",
        "The password is right, and the account has a second factor. Send the same request again with `totp_code`: "
        "the code that the authenticator shows, or a recovery code."},
    ErrorKind{ErrorCode::totp_wrong, "totp_wrong", 403, "Wrong second factor",
              "The code is wrong, or was used before. Wait for the next one of the authenticator."},
    ErrorKind{ErrorCode::totp_not_found, "totp_not_found", 404, "No second factor",
              "The account has no second factor, or none that awaits its first code."},
    ErrorKind{ErrorCode::totp_active, "totp_active", 409, "Second factor active",
              "The account has a second factor. Remove it first."},
    ErrorKind{ErrorCode::sign_in_not_offered, "sign_in_not_offered", 404, "No identity provider",
              "This service signs nobody in by an identity provider (OIDC_ISSUER is not set)."},
    ErrorKind{ErrorCode::sign_in_expired, "sign_in_expired", 400, "Sign-in not known",
              "The sign-in was begun in another browser, more than ten minutes ago, or is over. Begin it again."},
    ErrorKind{ErrorCode::sign_in_denied, "sign_in_denied", 403, "Sign-in denied",
              "The identity provider did not sign anybody in; the person may have cancelled."},
    ErrorKind{
        ErrorCode::sign_in_code_invalid, "sign_in_code_invalid", 401, "Sign-in code not valid",
        "The code of the sign-in is unknown, expired or was used before, or `code_verifier` does not belong to it. "
        "Begin the sign-in again."},
    ErrorKind{
        ErrorCode::identity_email_unverified, "identity_email_unverified", 403, "E-mail address not verified",
        "The identity provider tells no e-mail address that it has verified, so no account can be found or made."},
    ErrorKind{
        ErrorCode::identity_unknown, "identity_unknown", 403, "No account",
        "The identity has no account, and gets none: sign-ins make none here, or the account with its e-mail address "
        "belongs to another identity of the provider."},
    ErrorKind{ErrorCode::identity_provider_failed, "identity_provider_failed", 502, "Identity provider failed",
              "The identity provider did not answer, or its answer cannot be trusted. Try again later; the log has the "
              "reason."},
};

}  // namespace clinikk::errors
