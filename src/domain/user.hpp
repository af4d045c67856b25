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
};
BOOST_DESCRIBE_STRUCT(User, (), (id, email, email_key, password_hash, role, is_active, created_at))

class UserRepository {
public:
    virtual ~UserRepository() = default;

    /// Fails with `email_taken` when the e-mail key exists.
    virtual Task<Result<void>> insert(User const& user) = 0;
    virtual Task<std::optional<User>> find(Uuid id) = 0;
    virtual Task<std::optional<User>> find_by_email_key(std::string_view email_key) = 0;
    /// All users by creation, oldest first.
    virtual Task<std::vector<User>> list() = 0;
    virtual Task<> set_password_hash(Uuid id, std::string_view password_hash) = 0;
    /// As `set_password_hash`, but only if the stored hash is still `expected`.
    virtual Task<> replace_password_hash(Uuid id, std::string_view expected, std::string_view password_hash) = 0;
    virtual Task<> set_role(Uuid id, Role role) = 0;
    virtual Task<> set_active(Uuid id, bool is_active) = 0;
};

}  // namespace clinikk
