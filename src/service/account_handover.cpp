#include "service/account_handover.hpp"

namespace clinikk {

Task<> hand_over_account(Repositories& repositories, User const& user, Timestamp at) {
    if (!user.email_verified_at) co_await repositories.second_factors().remove(user.id);
    co_await repositories.account_tokens().withdraw_all(user.id, TokenPurpose::password_reset, at);
    co_await repositories.api_keys().remove_all(user.id);
    co_await repositories.resumable_uploads().cancel_owned(user.id, at, at + ended_resumable_upload_life);
    co_await repositories.sessions().revoke_all(user.id, at);
    co_await repositories.users().set_email_verified(user.id, at);
}

}  // namespace clinikk
