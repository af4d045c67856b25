#include "service/permission.hpp"

namespace clinikk {

Task<Result<User>> current_editor(Stores& stores, Caller const& caller) {
    auto user = co_await stores.sessions().find_active_user(caller.session_id, caller.since);
    if (!user || user->id != caller.user.id) co_return Error(ErrorCode::not_authenticated);
    if (user->role == Role::viewer) co_return Error(ErrorCode::forbidden);
    co_return std::move(*user);
}

bool may_act_for(User const& user, std::optional<Uuid> const& owner_id) {
    return user.role == Role::admin || owner_id == user.id;
}

}  // namespace clinikk
