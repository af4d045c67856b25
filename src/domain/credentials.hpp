#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// For whom a password is hashed. There is room for so many to wait, and each network has a share of it; known clients
/// have a room of their own, which no number of strangers fills.
struct HashingClient {
    std::string network{};  ///< as `client_network` names it; empty: a command of this program
    bool is_known = false;  ///< has logged in from there before
};

/// Slow on purpose, off the I/O threads. Both fail with `unavailable`, and the time after which to come back, when
/// there is no room to wait.
class PasswordHasher {
public:
    virtual ~PasswordHasher() = default;

    /// A salted PHC string (Argon2id).
    virtual Task<Result<std::string>> hash(std::string_view password, HashingClient client) = 0;
    /// Whether the password belongs to the hash. With an empty hash it costs the same and says no: an unknown
    /// e-mail address must not answer faster than a wrong password.
    virtual Task<Result<bool>> verify(std::string_view password, std::string_view hash, HashingClient client) = 0;
    /// Whether the hash is of a kind that `hash` no longer makes: it is to be replaced when its password is known.
    virtual bool is_outdated(std::string_view hash) const noexcept = 0;
};

/// What an access token says (RFC 7519).
struct AccessClaims {
    Uuid user_id;     ///< `sub`
    Uuid session_id;  ///< `sid`
};

class AccessTokens {
public:
    virtual ~AccessTokens() = default;

    /// A signed token that is valid from now on for `lifetime()`.
    virtual std::string issue(AccessClaims const& claims, Timestamp at) = 0;
    virtual std::chrono::seconds lifetime() const noexcept = 0;
    /// Fails with `not_authenticated` unless signature, algorithm, issuer, times and both ids are right.
    virtual Result<AccessClaims> verify(std::string_view token, Timestamp at) = 0;
};

}  // namespace clinikk
