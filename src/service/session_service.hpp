#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"
#include "service/login_limiter.hpp"

namespace clinikk {

/// A login that succeeded.
struct Login {
    std::string access_token;
    std::chrono::seconds expires_in{};
};

/// Logs accounts in, and tells to which account a token belongs.
class SessionService {
public:
    /// `limit_attempts`: slow down guessing at passwords.
    SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens, Clock& clock, bool limit_attempts);

    /// Logs in from that network (see `client_network`). Fails with `credentials_invalid` for a wrong password, an
    /// unknown or malformed address and a disabled account alike, each at the cost of one verification. Fails with
    /// `rate_limited` after too many failures (see `LoginLimiter`), and with `unavailable` when too many clients wait
    /// to be verified; both state when to try again, and neither counts as a failure.
    Task<Result<Login>> log_in(std::string_view email, std::string_view password, std::string network);

    /// Returns the account for which a token acts. It asks the database each time, so a disabled account is refused
    /// from its next request on. Fails with `not_authenticated`.
    Task<Result<Caller>> authenticate(std::string_view token);

private:
    /// Returns the user to whom the password belongs.
    Task<Result<User>> verify(Email const* address, std::string_view password, HashingClient client);
    void count(Email const& address, std::string_view network, Result<User> const& verified);
    /// Empty when the account has changed since it was read.
    Task<std::optional<Login>> open_session(User const& user);
    Task<> renew_hash(User const& user, std::string_view password, HashingClient client);

    UnitOfWork& work_;
    PasswordHasher& hasher_;
    AccessTokens& tokens_;
    Clock& clock_;
    bool limit_attempts_;
    LoginLimiter limiter_;
};

}  // namespace clinikk
