#include "service/session_service.hpp"

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "domain/password.hpp"

namespace clinikk {
namespace {

/// A client that repeats a request, because it lost the answer, does so within this time.
constexpr std::chrono::seconds reuse_grace{10};
constexpr std::size_t max_listed_sessions = 100;

/// The account, unless it has changed since its password was compared. That took time: the account may have been
/// disabled meanwhile, or its password changed, which ended all its sessions. A login with an old password must not
/// survive that. Fails with `credentials_invalid`.
Task<Result<User>> find_unchanged(Repositories& repositories, User const& user) {
    auto current = co_await repositories.users().find(user.id);
    bool const still_right = current && current->is_active && current->password_hash == user.password_hash;
    if (!still_right) co_return Error(ErrorCode::credentials_invalid);
    co_return std::move(*current);
}

/// Returns whether a used token is presented by a client that lost the answer to its use: just now, and before anybody
/// has used the successor.
Task<bool> is_repeated(Repositories& repositories, RefreshToken const& token, Timestamp at) {
    if (at - *token.used_at > reuse_grace) co_return false;
    auto const successor = co_await repositories.sessions().find_refresh_token(*token.successor_hash);
    co_return successor && !successor->used_at;
}

}  // namespace

SessionService::SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens,
                               SecondFactor& second_factor, Clock& clock, SessionOptions options, Log& log)
    : work_(work),
      hasher_(hasher),
      tokens_(tokens),
      second_factor_(second_factor),
      clock_(clock),
      options_(options),
      log_(log) {}

Task<Result<Login>> SessionService::log_in(std::string_view email, std::string_view password, LoginClient from) {
    auto const address = Email::parse(email);
    HashingClient client{from.network};
    // Text that is not an address belongs to no account, so there is nothing to guess.
    if (address) {
        auto const allowed = may_attempt(address->key(), client);
        if (!allowed) co_return allowed.error();
    }
    while (true) {
        auto const user = co_await verify(address ? &*address : nullptr, password, client);
        // Any other error means that no password was compared. A right password counts when the session is opened: as
        // long as a second factor is missing, it must not clear the failures.
        bool const is_wrong = !user && user.error().code == ErrorCode::credentials_invalid;
        if (address && is_wrong) count(address->key(), client.network, false);
        if (!user) co_return user.error();
        bool const is_refused = options_.require_verified_email && !user->email_verified_at;
        if (is_refused) co_return Error(ErrorCode::email_unverified);
        FindAccount const find = [&](Repositories& repositories) { return find_unchanged(repositories, *user); };
        auto login = co_await open_session(find, from);
        // The account has changed since it was read: its password was changed, or another login renewed the hash.
        bool const has_changed = !login && login.error().code == ErrorCode::credentials_invalid;
        if (has_changed) continue;
        if (!login) co_return login.error();
        if (hasher_.is_outdated(user->password_hash)) co_await renew_hash(*user, password, std::move(client));
        co_return std::move(*login);
    }
}

Result<void> SessionService::may_attempt(std::string_view email_key, std::string_view network) {
    HashingClient client{std::string(network)};
    return may_attempt(email_key, client);
}

Result<void> SessionService::may_attempt(std::string_view email_key, HashingClient& client) {
    auto const standing = limiter_.standing(email_key, client.network, clock_.steady_now());
    bool const must_wait = options_.limit_attempts && standing.wait > standing.wait.zero();
    if (must_wait) return Error::passing(ErrorCode::rate_limited, standing.wait);
    client.is_known = standing.is_known;
    return {};
}

void SessionService::count(std::string_view email_key, std::string_view network, bool matched) {
    if (matched) {
        limiter_.succeeded(email_key, network);
    } else {
        limiter_.failed(email_key, network, clock_.steady_now());
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

Task<Result<Login>> SessionService::open_session(FindAccount const& find, LoginClient client) {
    auto const at = clock_.now();
    Session session{new_uuid(), {}, at, at + options_.refresh_life, std::move(client.device), at};
    auto issued = make_refresh_token(session.id, at);
    std::string email_key;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await find(repositories);
        if (!user) co_return user.error();
        email_key = user->email_key;
        session.user_id = user->id;
        if (!client.code.empty()) {
            auto const allowed = may_attempt(email_key, client.network);
            if (!allowed) co_return allowed.error();
        }
        auto const passed = co_await second_factor_.check(repositories, user->id, client.code, at);
        if (!passed) co_return passed.error();
        co_await repositories.sessions().insert(session);
        co_await repositories.sessions().insert_refresh_token(issued.row);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    bool const is_wrong = !done && done.error().code == ErrorCode::totp_wrong;
    if (done || is_wrong) count(email_key, client.network, done.has_value());
    if (!done) co_return done.error();
    co_return make_login(session.user_id, std::move(issued), at);
}

SessionService::IssuedToken SessionService::make_refresh_token(Uuid session_id, Timestamp at) const {
    IssuedToken issued{make_secret()};
    issued.row = {.token_hash = Sha256::of(issued.text),
                  .session_id = session_id,
                  .issued_at = at,
                  .expires_at = at + options_.refresh_life};
    return issued;
}

Login SessionService::make_login(Uuid user_id, IssuedToken issued, Timestamp at) {
    AccessClaims const claims{user_id, issued.row.session_id};
    return {tokens_.issue(claims, at), tokens_.lifetime(), std::move(issued.text), options_.refresh_life};
}

Task<Result<Login>> SessionService::refresh(std::string_view refresh_token) {
    auto const hash = Sha256::of(refresh_token);
    auto const at = clock_.now();
    std::optional<User> user;
    std::optional<Uuid> replayed;  // the session of a token that was used before
    std::optional<IssuedToken> issued;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto& sessions = repositories.sessions();
        replayed.reset();
        auto const token = co_await sessions.find_refresh_token(hash);
        if (!token || token->expires_at <= at) co_return Error(ErrorCode::refresh_token_invalid);
        user = co_await sessions.find_active_user(token->session_id, at);
        if (!user) co_return Error(ErrorCode::refresh_token_invalid);
        if (token->used_at) {
            bool const repeated = co_await is_repeated(repositories, *token, at);
            if (repeated) co_return Error(ErrorCode::refresh_token_reused);
            co_await sessions.revoke(token->session_id, user->id, at);
            replayed = token->session_id;
            co_return Result<void>{};
        }
        issued = make_refresh_token(token->session_id, at);
        co_await sessions.use_refresh_token(hash, at, issued->row.token_hash);
        co_await sessions.insert_refresh_token(issued->row);
        co_await sessions.prolong(token->session_id, at, issued->row.expires_at);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    if (replayed) {
        log_.warning("session.replay_detected", {{"session", replayed->to_string()}, {"user", user->id.to_string()}});
        co_return Error(ErrorCode::refresh_token_invalid);
    }
    co_return make_login(user->id, std::move(*issued), at);
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
    Caller caller{std::move(*user), Credential::session(claims->session_id), at};
    co_return caller;
}

Task<Result<void>> SessionService::confirm_password(Caller const& caller, std::string_view password,
                                                    HashingClient& client) {
    auto const& user = caller.user;
    auto const allowed = may_attempt(user.email_key, client);
    if (!allowed) co_return allowed.error();
    auto const matches = co_await hasher_.verify(password, user.password_hash, client);
    if (!matches) co_return matches.error();
    count(user.email_key, client.network, *matches);
    if (!*matches) co_return Error(ErrorCode::password_wrong);
    co_return Result<void>{};
}

Task<Result<void>> SessionService::change_password(Caller const& caller, std::string_view current,
                                                   Password const& wanted, std::string network) {
    auto const& user = caller.user;
    auto const acceptable = refuse_address_as_password(wanted, user.email_key, "new_password");
    if (!acceptable) co_return acceptable.error();
    HashingClient client{std::move(network)};
    auto const confirmed = co_await confirm_password(caller, current, client);
    if (!confirmed) co_return confirmed.error();
    auto const hash = co_await hasher_.hash(wanted.value(), std::move(client));
    if (!hash) co_return hash.error();
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const now = co_await repositories.sessions().find_active_user(caller.credential.id(), clock_.now());
        bool const still_right = now && now->password_hash == user.password_hash;
        if (!still_right) co_return Error(ErrorCode::not_authenticated);
        co_await repositories.users().set_password_hash(user.id, *hash);
        co_await repositories.account_tokens().withdraw_all(user.id, TokenPurpose::password_reset, clock_.now());
        co_await repositories.sessions().revoke_others(user.id, caller.credential.id(), clock_.now());
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

Task<std::vector<Session>> SessionService::list(Caller const& caller) {
    co_return co_await work_.repositories().sessions().list_active(caller.user.id, clock_.now(), max_listed_sessions);
}

Task<Result<void>> SessionService::end(Caller const& caller, Uuid session_id) {
    bool const ended = co_await work_.repositories().sessions().revoke(session_id, caller.user.id, clock_.now());
    if (!ended) co_return Error(ErrorCode::session_not_found);
    co_return Result<void>{};
}

Task<> SessionService::end_all(Caller const& caller) {
    co_await work_.repositories().sessions().revoke_all(caller.user.id, clock_.now());
}

}  // namespace clinikk
