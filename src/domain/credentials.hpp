#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// The client for whom a password is hashed. The hasher lets a bounded number of clients wait, with a share for each
/// network. Clients that have logged in before have places of their own, which strangers cannot take.
struct HashingClient {
    std::string network{};  ///< as `client_network` returns it; empty for a command of this program
    bool is_known = false;  ///< this network has logged in to the account before
};

/// Hashes passwords, slowly on purpose and not on the I/O threads. Both operations fail with `unavailable`, and a time
/// after which to try again, when too many clients wait.
class PasswordHasher {
public:
    virtual ~PasswordHasher() = default;

    /// Returns a salted PHC string (Argon2id).
    virtual Task<Result<std::string>> hash(std::string_view password, HashingClient client) = 0;
    /// Returns whether the password belongs to the hash. An empty hash matches no password and costs the same time, so
    /// that an unknown e-mail address does not answer faster than a wrong password.
    virtual Task<Result<bool>> verify(std::string_view password, std::string_view hash, HashingClient client) = 0;
    /// Returns whether the hash is of a kind or strength other than those that `hash` makes. It should be replaced when
    /// the password is known.
    virtual bool is_outdated(std::string_view hash) const = 0;
};

/// The claims of an access token (RFC 7519).
struct AccessClaims {
    Uuid user_id;            ///< `sub`
    Uuid session_id;         ///< `sid`
    Timestamp expires_at{};  ///< `exp`, of a token that was verified
};

class AccessTokens {
public:
    virtual ~AccessTokens() = default;

    /// Returns a signed token that is valid from `at` for `lifetime()`.
    virtual std::string issue(AccessClaims const& claims, Timestamp at) = 0;
    virtual std::chrono::seconds lifetime() const noexcept = 0;
    /// The public keys that check tokens, as a JWK Set (RFC 7517 section 5). It is empty when keys are shared secrets.
    virtual std::string public_keys() const = 0;
    /// Fails with `not_authenticated` unless signature, algorithm, issuer, times and both ids are right.
    virtual Result<AccessClaims> verify(std::string_view token, Timestamp at) = 0;
};

/// Keeps secrets that the program needs again in the database without showing them to who reads the database. Sealed
/// text is bound to its context: it cannot be opened as that of another row. Thread-safe.
class SecretBox {
public:
    virtual ~SecretBox() = default;

    /// Returns text that differs each time.
    virtual std::string seal(std::string_view secret, std::string_view context) = 0;
    /// Empty when the text was altered, belongs to another context, or was sealed with a key that is no longer known.
    virtual std::optional<std::string> open(std::string_view sealed, std::string_view context) = 0;
};

}  // namespace clinikk
