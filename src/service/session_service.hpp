#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/session.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"
#include "service/audit.hpp"
#include "service/second_factor.hpp"
#include "service/throttle.hpp"

namespace clinikk {

struct SessionOptions {
    std::chrono::seconds refresh_life = std::chrono::days{30};  ///< of a refresh token (REFRESH_TOKEN_EXPIRE)
    bool require_verified_email = false;                        ///< for a login (REQUIRE_VERIFIED_EMAIL)
};

/// The client of a login.
struct LoginClient {
    std::string network{};  ///< as `client_network` returns it
    std::string device{};   ///< its User-Agent, for people
    std::string code{};     ///< of the second factor; empty: none given
    Origin origin{};
    std::string_view method = "password";  ///< how its owner has proven who they are
};

/// The tokens of a session.
struct Login {
    std::string access_token;
    std::chrono::seconds expires_in{};
    std::string refresh_token;  ///< 256 random bits as base64url; only its hash is stored
    std::chrono::seconds refresh_expires_in{};
};

/// Logs accounts in, continues and ends their sessions, and tells to which account a token belongs.
class SessionService {
public:
    /// Steps of a transaction that return the account to which a session is given.
    using FindAccount = std::function<Task<Result<User>>(Repositories&)>;

    SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens, SecondFactor& second_factor,
                   Throttle& throttle, Clock& clock, SessionOptions options, Log& log);

    /// Logs in. Fails with `credentials_invalid` for a wrong password, an unknown or malformed address and a disabled
    /// account alike, each at the cost of one verification. Fails with `rate_limited` after too many failures (see
    /// `Throttle`), and with `unavailable` when too many clients wait to be verified; both state when to try again,
    /// and neither counts as a failure. After the right password it fails with `email_unverified` if the settings
    /// refuse such accounts, and as `open_session`.
    Task<Result<Login>> log_in(std::string_view email, std::string_view password, LoginClient client);

    /// Opens a session for an account whose owner has proven who they are, in the transaction in which `find` finds
    /// the account again. `standing` is that of its logins from there. Fails with the error of `find`; with
    /// `totp_required` and `totp_wrong` when the account has a second factor; and with `rate_limited` after too many
    /// wrong codes, which count as wrong passwords do.
    Task<Result<Login>> open_session(Uuid user_id, FindAccount const& find, LoginClient client,
                                     Throttle::Standing standing);

    /// Continues a session: issues new tokens for a refresh token, which is used up. Fails with `refresh_token_invalid`
    /// when the token is unknown or expired, or its session has ended, and with `email_unverified` as `log_in` does;
    /// then the token is not used up. A used token ends its session too, since somebody has copied it; but a client
    /// whose request was repeated gets `refresh_token_reused`, and its session goes on: within ten seconds, while the
    /// successor is unused. A network that shows too many unknown tokens gets `rate_limited` for them.
    Task<Result<Login>> refresh(std::string_view refresh_token, std::string network, Origin origin = {});

    /// Returns the account for which a token acts. It asks the database each time, so a disabled account is refused
    /// from its next request on. Fails with `not_authenticated`.
    Task<Result<Caller>> authenticate(std::string_view token);

    /// Checks the password of the caller, before something that cannot be undone. Fails with `password_wrong`; wrong
    /// ones are limited as at a login.
    Task<Result<void>> confirm_password(Caller const& caller, std::string_view password, HashingClient& client);

    /// The same where the account may have no password: then the session must have been opened within the last five
    /// minutes, which only a sign-in by the provider can have done. Fails with `fresh_sign_in_required` when it was
    /// not, with `validation_failed` when there is no `password` although the account has one, and as
    /// `confirm_password`.
    Task<Result<void>> confirm_owner(Caller const& caller, std::optional<std::string_view> password,
                                     HashingClient& client);

    /// Changes the password of the caller, and ends all other sessions of the account. `network` is that of the client.
    /// Fails with `password_wrong` when `current` is not the password; wrong ones are limited as at a login. Fails with
    /// `validation_failed` for the member `new_password` when it is the address of the account. Fails with
    /// `not_authenticated` when the session has ended meanwhile, or the password was changed.
    Task<Result<void>> change_password(Caller const& caller, std::string_view current, Password const& wanted,
                                       std::string network);

    /// The latest sessions of the caller, at most 100.
    Task<std::vector<Session>> list(Caller const& caller);
    /// Ends one session of the caller. Fails with `session_not_found`.
    Task<Result<void>> end(Caller const& caller, Uuid session_id);
    /// Ends all sessions of the caller.
    Task<> end_all(Caller const& caller);

private:
    struct IssuedToken {
        std::string text;
        RefreshToken row{};
    };

    /// Returns the user to whom the password belongs.
    Task<Result<User>> verify(Email const* address, std::string_view password, HashingClient client);
    /// Continues the session of a token that was found a moment ago.
    Task<Result<Login>> rotate(Sha256Digest const& hash, Origin const& origin);
    /// Records a login that failed, within a bound.
    Task<> record_failure(std::string_view email, std::string_view reason, Origin origin);
    Task<> renew_hash(User const& user, std::string_view password, HashingClient client);

    /// Whether the settings refuse the account for its address.
    bool is_unverified(User const& user) const noexcept {
        return options_.require_verified_email && !user.email_verified_at;
    }

    IssuedToken make_refresh_token(Uuid session_id, Timestamp at) const;
    Login make_login(Uuid user_id, IssuedToken issued, Timestamp at);

    UnitOfWork& work_;
    PasswordHasher& hasher_;
    AccessTokens& tokens_;
    SecondFactor& second_factor_;
    Throttle& throttle_;
    Clock& clock_;
    SessionOptions options_;
    Log& log_;
    FailureBudget failures_;
};

}  // namespace clinikk
