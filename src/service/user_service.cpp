#include "service/user_service.hpp"

#include "domain/password.hpp"
#include "service/audit.hpp"
#include "service/permission.hpp"

namespace clinikk {

UserService::UserService(UnitOfWork& work, PasswordHasher& hasher, Clock& clock)
    : work_(work), hasher_(hasher), clock_(clock) {}

Task<Result<User>> UserService::add(Email const& email, Password const& password, Role role, std::string network,
                                    WithAccount with_account, Origin origin) {
    auto const acceptable = refuse_address_as_password(password, email.key(), "password");
    if (!acceptable) co_return acceptable.error();
    bool const is_command = network.empty();
    HashingClient client{std::move(network)};
    auto hash = co_await hasher_.hash(password.value(), std::move(client));
    if (!hash) co_return hash.error();
    auto const at = clock_.now();
    User user{new_uuid(), email.value(), email.key(), std::move(*hash), role, true, at};
    if (is_command) user.email_verified_at = at;
    auto const actor = is_command ? Actor::operator_of_commands() : Actor(user, std::move(origin));
    auto const action = is_command ? AuditAction::account_added : AuditAction::account_registered;
    auto const details = audit_details({{"email", user.email}, {"role", enumerator_name(role)}});
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const inserted = co_await repositories.users().insert(user);
        if (!inserted) co_return inserted.error();
        co_await record(repositories, actor, action, {TargetKind::account, user.id}, at, details);
        if (with_account) co_return co_await with_account(repositories);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return user;
}

Task<std::vector<User>> UserService::list(UserQuery query) {
    co_return co_await work_.repositories().users().list(query);
}

Task<Result<User>> UserService::get(Uuid id) {
    auto user = co_await work_.repositories().users().find(id);
    if (!user) co_return Error(ErrorCode::user_not_found);
    co_return std::move(*user);
}

Task<Result<User>> UserService::set_password(Email const& email, Password const& password) {
    auto const acceptable = refuse_address_as_password(password, email.key(), "password");
    if (!acceptable) co_return acceptable.error();
    HashingClient client;
    auto const hash = co_await hasher_.hash(password.value(), std::move(client));
    if (!hash) co_return hash.error();
    Change const change_hash = [this, &hash](Repositories& repositories, User const& user) -> Task<Result<void>> {
        co_await repositories.users().set_password_hash(user.id, *hash);
        co_await repositories.account_tokens().withdraw_all(user.id, TokenPurpose::password_reset, clock_.now());
        co_await repositories.api_keys().remove_all(user.id);
        co_await repositories.sessions().revoke_all(user.id, clock_.now());
        auto const actor = Actor::operator_of_commands();
        AuditTarget const target{TargetKind::account, user.id};
        co_await record(repositories, actor, AuditAction::password_set, target, clock_.now());
        co_return Result<void>{};
    };
    co_return co_await change(by_email(email), change_hash);
}

Task<Result<User>> UserService::remove_second_factor(Email const& email) {
    Change const remove = [this](Repositories& repositories, User const& user) -> Task<Result<void>> {
        auto const totp = co_await repositories.second_factors().find(user.id);
        if (!totp) co_return Error(ErrorCode::totp_not_found, "The account has no second factor");
        co_await repositories.second_factors().remove(user.id);
        co_await repositories.sessions().revoke_all(user.id, clock_.now());
        auto const actor = Actor::operator_of_commands();
        AuditTarget const target{TargetKind::account, user.id};
        co_await record(repositories, actor, AuditAction::totp_removed, target, clock_.now());
        co_return Result<void>{};
    };
    co_return co_await change(by_email(email), remove);
}

Task<Result<User>> UserService::update(Email const& email, UserChanges changes) {
    auto const actor = Actor::operator_of_commands();
    Change const make = [this, &actor, &changes](Repositories& repositories, User const& user) {
        return apply(repositories, actor, user, changes);
    };
    co_return co_await change(by_email(email), make);
}

Task<Result<User>> UserService::update(Caller const& admin, Uuid id, UserChanges changes) {
    auto const other = require_not_own_key(admin, id);
    if (!other) co_return other.error();
    Find const find = [&admin, id](Repositories& repositories) -> Task<Result<User>> {
        auto const allowed = co_await current_admin(repositories, admin);
        if (!allowed) co_return allowed.error();
        auto user = co_await repositories.users().find(id);
        if (!user) co_return Error(ErrorCode::user_not_found);
        co_return std::move(*user);
    };
    Actor const actor(admin);
    Change const make = [this, &actor, &changes](Repositories& repositories, User const& user) {
        return apply(repositories, actor, user, changes);
    };
    co_return co_await change(find, make);
}

UserService::Find UserService::by_email(Email const& email) {
    return [&email](Repositories& repositories) -> Task<Result<User>> {
        auto user = co_await repositories.users().find_by_email_key(email.key());
        if (!user) co_return Error(ErrorCode::not_found, "No account has the address " + email.value());
        co_return std::move(*user);
    };
}

Task<Result<void>> UserService::apply(Repositories& repositories, Actor const& actor, User const& user,
                                      UserChanges const& changes) {
    if (!changes.role && !changes.is_active) co_return Result<void>{};
    // What is done for an account that is being removed would be lost a moment later.
    auto const removal = co_await repositories.users().find_removal(user.id);
    if (removal) co_return Error(ErrorCode::user_not_found);
    bool const stays_admin =
        changes.role.value_or(user.role) == Role::admin && changes.is_active.value_or(user.is_active);
    if (!stays_admin) {
        auto const spared = co_await require_other_admin(repositories, user);
        if (!spared) co_return spared.error();
    }
    auto const at = clock_.now();
    AuditTarget const target{TargetKind::account, user.id};
    if (changes.role) {
        co_await repositories.users().set_role(user.id, *changes.role);
        auto const details =
            audit_details({{"from", enumerator_name(user.role)}, {"to", enumerator_name(*changes.role)}});
        co_await record(repositories, actor, AuditAction::account_role_changed, target, at, details);
    }
    if (changes.is_active) {
        co_await repositories.users().set_active(user.id, *changes.is_active);
        auto const action = *changes.is_active ? AuditAction::account_enabled : AuditAction::account_disabled;
        co_await record(repositories, actor, action, target, at);
    }
    co_await repositories.sessions().revoke_all(user.id, clock_.now());
    co_return Result<void>{};
}

Task<Result<User>> UserService::change(Find find, Change change) {
    std::optional<User> changed;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await find(repositories);
        if (!user) co_return user.error();
        auto const made = co_await change(repositories, *user);
        if (!made) co_return made.error();
        changed = co_await repositories.users().find(user->id);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return std::move(*changed);
}

}  // namespace clinikk
