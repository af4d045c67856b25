#include "service/permission.hpp"

namespace clinikk {

Task<Result<User>> current_user(Repositories& repositories, Caller const& caller) {
    auto const& credential = caller.credential;
    std::optional<User> user;
    if (credential.kind() == Credential::Kind::session) {
        user = co_await repositories.sessions().find_active_user(credential.id(), caller.since);
    } else if (credential.kind() == Credential::Kind::upload_right) {
        user = co_await repositories.users().find(caller.user.id);
        if (user && !user->is_active) user.reset();
    } else {
        user = co_await repositories.api_keys().find_active_user(credential.id(), caller.since);
    }
    if (!user || user->id != caller.user.id) co_return Error(ErrorCode::not_authenticated);
    co_return std::move(*user);
}

Task<Result<User>> current_editor(Repositories& repositories, Caller const& caller) {
    auto user = co_await current_user(repositories, caller);
    if (user && !may_edit(user->role)) co_return Error(ErrorCode::forbidden);
    co_return user;
}

Task<Result<Content>> content_to_change(Repositories& repositories, User const& user, Uuid content_id) {
    auto content = co_await repositories.contents().find(content_id);
    if (!content || !may(&user, ContentAction::see, access_of(*content))) {
        co_return Error(ErrorCode::content_not_found);
    }
    if (!may(&user, ContentAction::change, access_of(*content))) co_return Error(ErrorCode::forbidden);
    co_return std::move(*content);
}

Task<Result<User>> current_admin(Repositories& repositories, Caller const& caller) {
    auto user = co_await current_user(repositories, caller);
    if (user && !may_administer(user->role)) co_return Error(ErrorCode::forbidden);
    co_return user;
}

Result<void> require_not_own_key(Caller const& caller, Uuid user_id) {
    bool const is_own = caller.credential.kind() == Credential::Kind::api_key && caller.user.id == user_id;
    if (is_own) return Error(ErrorCode::forbidden, "An API key cannot change the account that it acts for");
    return {};
}

Task<Result<void>> require_other_admin(Repositories& repositories, User const& user) {
    bool const is_admin = user.is_active && may_administer(user.role);
    if (!is_admin) co_return Result<void>{};
    bool const has_other = co_await repositories.users().has_other_admin(user.id);
    if (!has_other) co_return Error(ErrorCode::last_admin);
    co_return Result<void>{};
}

}  // namespace clinikk
