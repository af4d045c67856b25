#include "service/session_service.hpp"

#include "base/json_text.hpp"

namespace clinikk {

SessionService::SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens, Clock& clock,
                               bool limit_attempts)
    : work_(work), hasher_(hasher), tokens_(tokens), clock_(clock), limit_attempts_(limit_attempts) {}

Task<Result<Login>> SessionService::log_in(std::string_view email, std::string_view password, std::string network) {
    auto const address = Email::parse(email);
    HashingClient client{std::move(network)};
    // Text that is not an address belongs to no account, so there is nothing to guess.
    if (address) {
        auto const standing = limiter_.standing(address->key(), client.network, clock_.steady_now());
        bool const must_wait = limit_attempts_ && standing.wait > standing.wait.zero();
        if (must_wait) co_return Error::passing(ErrorCode::rate_limited, standing.wait);
        client.is_known = standing.is_known;
    }
    while (true) {
        auto const user = co_await verify(address ? &*address : nullptr, password, client);
        if (address) count(*address, client.network, user);
        if (!user) co_return user.error();
        auto login = co_await open_session(*user);
        // The account has changed since it was read: its password was changed, or another login renewed the hash.
        if (!login) continue;
        if (hasher_.is_outdated(user->password_hash)) co_await renew_hash(*user, password, std::move(client));
        co_return std::move(*login);
    }
}

/// Counts the outcome. Any other error means that no password was compared.
void SessionService::count(Email const& address, std::string_view network, Result<User> const& verified) {
    if (verified) {
        limiter_.succeeded(address.key(), network);
    } else if (verified.error().code == ErrorCode::credentials_invalid) {
        limiter_.failed(address.key(), network, clock_.steady_now());
    }
}

Task<Result<User>> SessionService::verify(Email const* address, std::string_view password, HashingClient client) {
    std::optional<User> user;
    if (address != nullptr) user = co_await work_.repositories().users().find_by_email_key(address->key());
    bool const may_enter = user && user->is_active;
    std::string const hash = may_enter ? user->password_hash : std::string();
    auto const matches = co_await hasher_.verify(password, hash, std::move(client));
    if (!matches) co_return matches.error();
    if (!may_enter || !*matches) co_return Error(ErrorCode::credentials_invalid);
    co_return std::move(*user);
}

/// Opens a session for an account whose password was compared. That took time: the account may have been disabled
/// meanwhile, or its password changed, which ended all its sessions. A login with an old password must not survive
/// that.
Task<std::optional<Login>> SessionService::open_session(User const& user) {
    auto const at = clock_.now();
    Session const session{new_uuid(), user.id, at, at + tokens_.lifetime()};
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const current = co_await repositories.users().find(user.id);
        bool const still_right = current && current->is_active && current->password_hash == user.password_hash;
        if (!still_right) co_return Error(ErrorCode::credentials_invalid);
        co_await repositories.sessions().insert(session);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return std::nullopt;
    AccessClaims const claims{user.id, session.id};
    Login login{tokens_.issue(claims, at), tokens_.lifetime()};
    co_return login;
}

/// Renews the hash with current parameters. Under load this waits for the next login. A password that was changed
/// meanwhile is not overwritten.
Task<> SessionService::renew_hash(User const& user, std::string_view password, HashingClient client) {
    if (!is_utf8(password)) co_return;
    auto const renewed = co_await hasher_.hash(password, std::move(client));
    if (!renewed) co_return;
    co_await work_.repositories().users().replace_password_hash(user.id, user.password_hash, *renewed);
}

Task<Result<Caller>> SessionService::authenticate(std::string_view token) {
    auto const at = clock_.now();
    auto const claims = tokens_.verify(token, at);
    if (!claims) co_return claims.error();
    auto user = co_await work_.repositories().sessions().find_active_user(claims->session_id, at);
    if (!user || user->id != claims->user_id) co_return Error(ErrorCode::not_authenticated);
    Caller caller{std::move(*user), claims->session_id, at};
    co_return caller;
}

}  // namespace clinikk
