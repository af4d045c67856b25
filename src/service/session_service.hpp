#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "domain/credentials.hpp"
#include "domain/unit_of_work.hpp"
#include "service/login_limiter.hpp"

namespace clinikk {

/// A login that succeeded.
struct Login {
    std::string access_token;
    std::chrono::seconds expires_in{};
};

/// Logins, and who a token belongs to.
class SessionService {
public:
    /// `limit_attempts`: slow down guessing at passwords.
    SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens, bool limit_attempts);

    /// Fails with `credentials_invalid` for a wrong password, an unknown or malformed address and a disabled account
    /// alike, each at the cost of one verification; with `rate_limited` after too many failures.
    Task<Result<Login>> log_in(std::string_view email, std::string_view password);

    /// The user of a token, asked of the database each time: a disabled account is out at its next request. Fails
    /// with `not_authenticated`.
    Task<Result<User>> authenticate(std::string_view token);

private:
    Task<> renew_hash(User const& user, std::string_view password);

    UnitOfWork& work_;
    PasswordHasher& hasher_;
    AccessTokens& tokens_;
    bool limit_attempts_;
    LoginLimiter limiter_;
};

}  // namespace clinikk
