#include "service/session_service.hpp"

#include "base/json_text.hpp"
#include "domain/values.hpp"

namespace clinikk {

SessionService::SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens, bool limit_attempts)
    : work_(work), hasher_(hasher), tokens_(tokens), limit_attempts_(limit_attempts) {}

Task<Result<Login>> SessionService::log_in(std::string_view email, std::string_view password) {
    auto const address = Email::parse(email);
    std::string const account = address ? address->key() : std::string();
    if (limit_attempts_ && address && !limiter_.admit(account, LoginLimiter::Clock::now())) {
        co_return Error(ErrorCode::rate_limited);
    }
    std::optional<User> user;
    if (address) user = co_await work_.stores().users().find_by_email_key(address->key());
    bool const may_enter = user && user->is_active;
    std::string const hash = may_enter ? user->password_hash : std::string();
    auto const matches = co_await hasher_.verify(password, hash);
    if (!matches) co_return matches.error();
    if (!may_enter || !*matches) co_return Error(ErrorCode::credentials_invalid);

    limiter_.succeeded(account);
    if (hasher_.is_outdated(hash)) co_await renew_hash(*user, password);

    auto const at = now();
    Session const session{new_uuid(), user->id, at, at + tokens_.lifetime()};
    co_await work_.stores().sessions().insert(session);
    AccessClaims const claims{user->id, session.id};
    Login login{tokens_.issue(claims, at), tokens_.lifetime()};
    co_return login;
}

/// Under load it waits for the next login; and a password that was changed meanwhile stays changed.
Task<> SessionService::renew_hash(User const& user, std::string_view password) {
    if (!is_utf8(password)) co_return;
    auto const renewed = co_await hasher_.hash(password);
    if (!renewed) co_return;
    co_await work_.stores().users().replace_password_hash(user.id, user.password_hash, *renewed);
}

Task<Result<User>> SessionService::authenticate(std::string_view token) {
    auto const at = now();
    auto const claims = tokens_.verify(token, at);
    if (!claims) co_return claims.error();
    auto user = co_await work_.stores().sessions().find_active_user(claims->session_id, at);
    if (!user || user->id != claims->user_id) co_return Error(ErrorCode::not_authenticated);
    co_return std::move(*user);
}

}  // namespace clinikk
