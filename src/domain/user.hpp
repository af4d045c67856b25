#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace clinikk {

/// Viewers browse and play. Editors also upload, and change the contents that they own. Admins change everything.
enum class Role : std::uint8_t { viewer, editor, admin };
BOOST_DESCRIBE_ENUM(Role, viewer, editor, admin)

struct User {
    Uuid id;
    std::string email;          ///< as shown
    std::string email_key;      ///< case-folded and unique: a login looks it up
    std::string password_hash;  ///< PHC string; never leaves the program
    Role role = Role::viewer;
    bool is_active = true;
    Timestamp created_at;
    std::optional<Timestamp> email_verified_at{};  ///< when it was first known that the address is the user's
};
BOOST_DESCRIBE_STRUCT(User, (), (id, email, email_key, password_hash, role, is_active, created_at, email_verified_at))

/// Whether the owner of the address has proven it to this service by a mailed link. Accounts from before addresses were
/// verified, and those that an operator made, count as verified from their creation on, on somebody's word.
inline bool is_address_proven(User const& user) noexcept {
    return user.email_verified_at && *user.email_verified_at > user.created_at;
}

/// A position in a listing: the page begins after it.
struct UserCursor {
    Timestamp created_at;
    Uuid id;
};

struct UserQuery {
    std::string email_key_part{};     ///< what the e-mail key contains; empty for any
    std::optional<Role> role{};       ///< any, if empty
    std::optional<bool> is_active{};  ///< any, if empty
    std::optional<UserCursor> after{};
    std::int64_t limit = 100;
};

/// What becomes of the contents of an account that is removed.
enum class ContentsFate : std::uint8_t {
    remove,    ///< they are deleted
    keep,      ///< they stay without an owner; only admins may change them
    reassign,  ///< another account owns them
};
BOOST_DESCRIBE_ENUM(ContentsFate, remove, keep, reassign)

/// An account that is being removed. It takes several transactions, and whoever finds the row may go on.
struct AccountRemoval {
    Uuid user_id;
    ContentsFate contents = ContentsFate::keep;
    std::optional<Uuid> heir_id{};  ///< of reassigned contents; empty when the heir has been removed meanwhile
    Timestamp requested_at{};
};
BOOST_DESCRIBE_STRUCT(AccountRemoval, (), (user_id, contents, heir_id, requested_at))

class UserRepository {
public:
    virtual ~UserRepository() = default;

    /// Fails with `email_taken` when the e-mail key exists.
    virtual Task<Result<void>> insert(User const& user) = 0;
    virtual Task<std::optional<User>> find(Uuid id) = 0;
    virtual Task<std::optional<User>> find_by_email_key(std::string_view email_key) = 0;
    /// A page of users by creation, oldest first.
    virtual Task<std::vector<User>> list(UserQuery const& query) = 0;
    /// Returns whether there is an active admin besides that user.
    virtual Task<bool> has_other_admin(Uuid id) = 0;
    virtual Task<> set_password_hash(Uuid id, std::string_view password_hash) = 0;
    /// As `set_password_hash`, but only if the stored hash is still `expected`.
    virtual Task<> replace_password_hash(Uuid id, std::string_view expected, std::string_view password_hash) = 0;
    virtual Task<> set_role(Uuid id, Role role) = 0;
    virtual Task<> set_active(Uuid id, bool is_active) = 0;
    /// Removes a user with its sessions and API keys; contents and uploads that it owns lose their owner. Returns false
    /// when there is no such user.
    virtual Task<bool> remove(Uuid id) = 0;

    /// Notes that an account is being removed; a later note replaces an earlier one. It goes with the account.
    virtual Task<> note_removal(AccountRemoval const& removal) = 0;
    virtual Task<std::optional<AccountRemoval>> find_removal(Uuid user_id) = 0;
    /// At most `limit` accounts that are being removed.
    virtual Task<std::vector<AccountRemoval>> list_removals(std::size_t limit) = 0;
    /// Leaves what was to be handed to an account that is removed itself to another one, or to nobody. Returns whether
    /// there was anything.
    virtual Task<bool> redirect_removals(Uuid heir_id, ContentsFate fate, std::optional<Uuid> next_heir_id) = 0;
    /// Marks the address as verified, unless its owner has proven it before (`is_address_proven`).
    virtual Task<> set_email_verified(Uuid id, Timestamp at) = 0;
};

}  // namespace clinikk
