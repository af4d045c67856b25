#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <vector>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/user.hpp"

namespace clinikk {

/// The right to make one account, with a role that an administrator has chosen. Of its token only the hash is stored.
/// It is there until it is used, withdrawn or collected.
struct Invite {
    Uuid id;
    Sha256Digest token_hash{};
    Role role = Role::viewer;
    std::optional<Uuid> invited_by{};  ///< none when that account has been removed
    Timestamp created_at{};
    Timestamp expires_at{};
};
BOOST_DESCRIBE_STRUCT(Invite, (), (id, token_hash, role, invited_by, created_at, expires_at))

class InviteRepository {
public:
    virtual ~InviteRepository() = default;

    virtual Task<> insert(Invite const& invite) = 0;
    /// The number of invites that have not expired.
    virtual Task<std::int64_t> count_open(Timestamp at) = 0;
    /// At most `limit` invites that have not expired, the newest first.
    virtual Task<std::vector<Invite>> list_open(Timestamp at, std::size_t limit) = 0;
    /// The invite with that hash, unless it has expired.
    virtual Task<std::optional<Invite>> find_open(Sha256Digest const& token_hash, Timestamp at) = 0;
    /// Removes an invite, as its use does. Returns false when it is not there.
    virtual Task<bool> remove(Uuid id) = 0;
    /// Removes invites that expired before `before` and returns how many.
    virtual Task<std::uint64_t> remove_expired(Timestamp before) = 0;
};

}  // namespace clinikk
