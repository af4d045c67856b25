#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"
#include "domain/values.hpp"

namespace clinikk {

/// What an administrator changes of an account. Empty members stay as they are.
struct UserChanges {
    std::optional<Role> role{};
    std::optional<bool> is_active{};
};

/// Makes, finds and changes accounts.
class UserService {
public:
    /// What happens in the transaction that makes an account; its failure makes none.
    using WithAccount = std::function<Task<Result<void>>(Repositories&)>;

    UserService(UnitOfWork& work, PasswordHasher& hasher, Clock& clock);

    /// Makes an account, together with what `with_account` does. `network` is that of the client (`client_network`), or
    /// empty for a command: its user is trusted, so the address counts as verified. Fails with
    /// `email_taken`, with `validation_failed` for the member `password` if it is the address, or with `unavailable`
    /// when too many passwords wait to be hashed.
    Task<Result<User>> add(Email const& email, Password const& password, Role role, std::string network = {},
                           WithAccount with_account = {}, Origin origin = {});

    Task<std::vector<User>> list(UserQuery query);

    /// Fails with `user_not_found`.
    Task<Result<User>> get(Uuid id);

    // A change of an account ends all its sessions. The last active admin stays one: else these fail with `last_admin`.

    /// For commands: the account with that address. Fails with `not_found`, or as `add` does for the password.
    Task<Result<User>> set_password(Email const& email, Password const& password);
    Task<Result<User>> update(Email const& email, UserChanges changes);
    /// For a person who has lost it, whom the operator knows. Fails with `not_found`, or with `totp_not_found`.
    Task<Result<User>> remove_second_factor(Email const& email);
    /// For an admin. Fails with `user_not_found`, or as `require_not_own_key` and `current_admin`.
    Task<Result<User>> update(Caller const& admin, Uuid id, UserChanges changes);

private:
    using Find = std::function<Task<Result<User>>(Repositories&)>;
    using Change = std::function<Task<Result<void>>(Repositories&, User const&)>;
    static Find by_email(Email const& email);
    Task<Result<User>> change(Find find, Change change);
    Task<Result<void>> apply(Repositories& repositories, Actor const& actor, User const& user,
                             UserChanges const& changes);

    UnitOfWork& work_;
    PasswordHasher& hasher_;
    Clock& clock_;
};

}  // namespace clinikk
