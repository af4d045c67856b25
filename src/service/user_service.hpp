#pragma once

#include <string>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/user.hpp"
#include "domain/values.hpp"

namespace clinikk {

/// Makes, finds and changes accounts.
class UserService {
public:
    UserService(UnitOfWork& work, PasswordHasher& hasher, Clock& clock);

    /// Makes an account. `network` is that of the client (`client_network`), or empty for a command. Fails with
    /// `email_taken`, or with `unavailable` when too many passwords wait to be hashed.
    Task<Result<User>> add(Email const& email, Password const& password, Role role, std::string network = {});

    Task<std::vector<User>> list();

    /// The account with that address. Fails with `not_found`. Changing an account ends all its sessions.
    Task<Result<User>> set_password(Email const& email, Password const& password);
    Task<Result<User>> set_role(Email const& email, Role role);
    Task<Result<User>> set_active(Email const& email, bool is_active);

private:
    using Change = std::function<Task<>(Repositories&, Uuid)>;
    Task<Result<User>> change(Email const& email, Change change);

    UnitOfWork& work_;
    PasswordHasher& hasher_;
    Clock& clock_;
};

}  // namespace clinikk
