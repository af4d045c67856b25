#include "service/user_service.hpp"

namespace clinikk {

UserService::UserService(UnitOfWork& work, PasswordHasher& hasher, Clock& clock)
    : work_(work), hasher_(hasher), clock_(clock) {}

Task<Result<User>> UserService::add(Email const& email, Password const& password, Role role, std::string network) {
    HashingClient client{std::move(network)};
    auto hash = co_await hasher_.hash(password.value(), std::move(client));
    if (!hash) co_return hash.error();
    User const user{new_uuid(), email.value(), email.key(), std::move(*hash), role, true, clock_.now()};
    auto const inserted = co_await work_.repositories().users().insert(user);
    if (!inserted) co_return inserted.error();
    co_return user;
}

Task<std::vector<User>> UserService::list() { co_return co_await work_.repositories().users().list(); }

Task<Result<User>> UserService::set_password(Email const& email, Password const& password) {
    HashingClient client;
    auto const hash = co_await hasher_.hash(password.value(), std::move(client));
    if (!hash) co_return hash.error();
    Change const change_hash = [&hash](Repositories& repositories, Uuid id) {
        return repositories.users().set_password_hash(id, *hash);
    };
    co_return co_await change(email, change_hash);
}

Task<Result<User>> UserService::set_role(Email const& email, Role role) {
    Change const change_role = [role](Repositories& repositories, Uuid id) {
        return repositories.users().set_role(id, role);
    };
    co_return co_await change(email, change_role);
}

Task<Result<User>> UserService::set_active(Email const& email, bool is_active) {
    Change const change_active = [is_active](Repositories& repositories, Uuid id) {
        return repositories.users().set_active(id, is_active);
    };
    co_return co_await change(email, change_active);
}

Task<Result<User>> UserService::change(Email const& email, Change change) {
    std::optional<User> changed;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await repositories.users().find_by_email_key(email.key());
        if (!user) co_return Error(ErrorCode::not_found, "No account has the address " + email.value());
        co_await change(repositories, user->id);
        co_await repositories.sessions().revoke_all(user->id, clock_.now());
        changed = co_await repositories.users().find(user->id);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return std::move(*changed);
}

}  // namespace clinikk
