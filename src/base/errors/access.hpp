#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// API keys and the administration of accounts.
inline constexpr std::array access_errors{
    ErrorKind{ErrorCode::insufficient_scope, "insufficient_scope", 403, "API key not good for this",
              "The API key has not the scope that the operation needs, or the operation is not open to API keys. "
              "`WWW-Authenticate` names the scope (RFC 6750)."},
    ErrorKind{ErrorCode::api_key_not_found, "api_key_not_found", 404, "API key not found",
              "The account has no API key with this id."},
    ErrorKind{ErrorCode::too_many_api_keys, "too_many_api_keys", 409, "Too many API keys",
              "The account has as many API keys as it may have. Delete one that is no longer used."},
    ErrorKind{ErrorCode::user_not_found, "user_not_found", 404, "Account not found",
              "There is no account with this id."},
    ErrorKind{ErrorCode::last_admin, "last_admin", 409, "The last administrator",
              "The account is the only active administrator. Make another account an administrator first."},
    ErrorKind{ErrorCode::registration_closed, "registration_closed", 403, "Registration closed",
              "Accounts are made by invitation or by administrators only (REGISTRATION). Ask for an invite."},
    ErrorKind{ErrorCode::invite_invalid, "invite_invalid", 403, "Invite not valid",
              "The invite is unknown, used, withdrawn or expired. Ask for another one."},
    ErrorKind{ErrorCode::invite_not_found, "invite_not_found", 404, "Invite not found",
              "No open invite has this id; it may have been used."},
    ErrorKind{ErrorCode::too_many_invites, "too_many_invites", 409, "Too many invites",
              "As many invites are open as may be. Withdraw some, or wait until they are used or expire."},
    ErrorKind{ErrorCode::account_has_contents, "account_has_contents", 422, "The account has contents",
              "Say in `contents` what becomes of the contents of the account."},
};

}  // namespace clinikk::errors
