#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// A login. Access tokens name it (`sid`), so that revoking it, or disabling its user, ends them at once. It outlives
/// its access tokens: refresh tokens continue it.
struct Session {
    Uuid id;
    Uuid user_id;
    Timestamp created_at;
    Timestamp expires_at;                     ///< unless a refresh token continues it before
    std::string device{};                     ///< the User-Agent of the login, for people
    std::optional<Timestamp> last_used_at{};  ///< by the login or a refresh token
};
BOOST_DESCRIBE_STRUCT(Session, (), (id, user_id, created_at, expires_at, device, last_used_at))

/// A refresh token of a session. Of the token itself only the hash is stored. A token is used once: using it issues its
/// successor, so a token that is used again has been copied by somebody (RFC 9700 section 4.14.2).
struct RefreshToken {
    Sha256Digest token_hash{};
    Uuid session_id;
    Timestamp issued_at;
    Timestamp expires_at;
    std::optional<Timestamp> used_at{};
    std::optional<Sha256Digest> successor_hash{};  ///< of a used token
};
BOOST_DESCRIBE_STRUCT(RefreshToken, (), (token_hash, session_id, issued_at, expires_at, used_at, successor_hash))

class SessionRepository {
public:
    virtual ~SessionRepository() = default;

    virtual Task<> insert(Session const& session) = 0;
    /// The active user of a session that is neither revoked nor expired; else empty. One point read.
    virtual Task<std::optional<User>> find_active_user(Uuid session_id, Timestamp at) = 0;
    /// Whatever its state.
    virtual Task<std::optional<Session>> find(Uuid session_id) = 0;
    /// At most `limit` sessions of a user that are neither revoked nor expired, the one used last first.
    virtual Task<std::vector<Session>> list_active(Uuid user_id, Timestamp at, std::size_t limit) = 0;
    /// Continues a session until `expires_at`.
    virtual Task<> prolong(Uuid session_id, Timestamp used_at, Timestamp expires_at) = 0;
    /// Ends one session of a user. Returns false when the user has no such session that is neither revoked nor expired.
    virtual Task<bool> revoke(Uuid session_id, Uuid user_id, Timestamp at) = 0;
    /// Ends all sessions of a user, and sign-ins by a provider that have not become sessions yet.
    virtual Task<> revoke_all(Uuid user_id, Timestamp at) = 0;
    /// As `revoke_all`, but one session goes on.
    virtual Task<> revoke_others(Uuid user_id, Uuid kept_session_id, Timestamp at) = 0;
    /// Removes sessions that expired before `before` and returns how many; their refresh tokens go with them. Keep
    /// expired sessions for a while: an operation that began before its session expired asks at its end whether the
    /// session was revoked.
    virtual Task<std::uint64_t> remove_expired(Timestamp before) = 0;

    virtual Task<> insert_refresh_token(RefreshToken const& token) = 0;
    virtual Task<std::optional<RefreshToken>> find_refresh_token(Sha256Digest const& token_hash) = 0;
    /// Marks an unused token as used. Returns false when it is used already.
    virtual Task<bool> use_refresh_token(Sha256Digest const& token_hash, Timestamp at,
                                         Sha256Digest const& successor_hash) = 0;
    /// Removes refresh tokens that expired before `before` and returns how many.
    virtual Task<std::uint64_t> remove_expired_refresh_tokens(Timestamp before) = 0;
};

}  // namespace clinikk
