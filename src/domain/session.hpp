#pragma once

#include <boost/describe/class.hpp>

#include <cstdint>
#include <optional>

#include "base/async/task.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// A login. Access tokens name it (`sid`), so that revoking it, or disabling its user, ends them at once.
struct Session {
    Uuid id;
    Uuid user_id;
    Timestamp created_at;
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(Session, (), (id, user_id, created_at, expires_at))

/// The account for which a request acts. An operation that acts later asks the database again (`current_editor`).
struct Caller {
    User user{};      ///< as it was when the token was checked
    Uuid session_id;  ///< of the token
    Timestamp since;  ///< when the token was checked
};

class SessionRepository {
public:
    virtual ~SessionRepository() = default;

    virtual Task<> insert(Session const& session) = 0;
    /// The active user of a session that is neither revoked nor expired; else empty. One point read.
    virtual Task<std::optional<User>> find_active_user(Uuid session_id, Timestamp at) = 0;
    /// Ends all sessions of a user.
    virtual Task<> revoke_all(Uuid user_id, Timestamp at) = 0;
    /// Removes sessions that expired before `before` and returns how many. Keep expired sessions for a while: an
    /// operation that began before its session expired asks at its end whether the session was revoked.
    virtual Task<std::uint64_t> remove_expired(Timestamp before) = 0;
};

}  // namespace clinikk
