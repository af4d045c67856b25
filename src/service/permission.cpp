#include "service/permission.hpp"

namespace clinikk {

Task<Result<User>> current_editor(Repositories& repositories, Caller const& caller) {
    auto user = co_await repositories.sessions().find_active_user(caller.session_id, caller.since);
    if (!user || user->id != caller.user.id) co_return Error(ErrorCode::not_authenticated);
    if (!may_edit(user->role)) co_return Error(ErrorCode::forbidden);
    co_return std::move(*user);
}

}  // namespace clinikk
