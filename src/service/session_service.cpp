#include "service/session_service.hpp"

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "domain/password.hpp"

namespace clinikk {
namespace {

/// A client that repeats a request, because it lost the answer, does so within this time.
constexpr std::chrono::seconds reuse_grace{10};
constexpr std::size_t max_listed_sessions = 100;
/// The longest time for which a sign-in stands for a password that an account does not have.
constexpr std::chrono::minutes fresh_session{5};

/// The account, unless it has changed since its password was compared. That took time: the account may have been
/// disabled meanwhile, or its password changed, which ended all its sessions. A login with an old password must not
/// survive that. Fails with `credentials_invalid`.
Task<Result<User>> find_unchanged(Repositories& repositories, User const& user) {
    auto current = co_await repositories.users().find(user.id);
    bool const still_right = current && current->is_active && current->password_hash == user.password_hash;
    if (!still_right) co_return Error(ErrorCode::credentials_invalid);
    co_return std::move(*current);
}

/// Returns whether the client has probably lost the answer to the first use of this used token: that use was just now,
/// and the successor has not been used.
Task<bool> is_repeated(Repositories& repositories, RefreshToken const& token, Timestamp at) {
    if (at - *token.used_at > reuse_grace) co_return false;
    auto const successor = co_await repositories.sessions().find_refresh_token(*token.successor_hash);
    co_return successor && !successor->used_at;
}

}  // namespace

SessionService::SessionService(UnitOfWork& work, PasswordHasher& hasher, AccessTokens& tokens,
                               SecondFactor& second_factor, Throttle& throttle, Clock& clock, SessionOptions options,
                               Log& log)
    : work_(work),
      hasher_(hasher),
      tokens_(tokens),
      second_factor_(second_factor),
      throttle_(throttle),
      clock_(clock),
      options_(options),
      log_(log) {}

Task<Result<Login>> SessionService::log_in(std::string_view email, std::string_view password, LoginClient from) {
    auto const address = Email::parse(email);
    HashingClient client{from.network};
    // Text that is no address belongs to no account, but costs as much to refuse: it counts for the network.
    auto const key = address ? address->key() : std::string();
    auto standing = co_await throttle_.look(Attempt::login, key, client.network);
    auto const allowed = throttle_.may(standing);
    if (!allowed) co_return allowed.error();
    client.is_known = standing.is_known;
    while (true) {
        auto const user = co_await verify(address ? &*address : nullptr, password, client);
        // Any other error means that no password was compared. A right password counts when the session is opened: as
        // long as a second factor is missing, it must not clear the failures.
        bool const is_wrong = !user && user.error().code == ErrorCode::credentials_invalid;
        if (is_wrong) {
            auto const tried = address ? address->value() : std::string();
            auto origin = from.origin;
            co_await record_failure(tried, "credentials", std::move(origin));
            co_await throttle_.failed(standing);
            co_return throttle_.explain(user.error(), standing);
        }
        if (!user) co_return user.error();
        if (is_unverified(*user)) co_return Error(ErrorCode::email_unverified);
        FindAccount const find = [&](Repositories& repositories) { return find_unchanged(repositories, *user); };
        auto login = co_await open_session(user->id, find, from, standing);
        // The account has changed since it was read: its password was changed, or another login renewed the hash.
        bool const has_changed = !login && login.error().code == ErrorCode::credentials_invalid;
        if (has_changed) continue;
        if (!login) co_return login.error();
        if (hasher_.is_outdated(user->password_hash)) co_await renew_hash(*user, password, std::move(client));
        co_return std::move(*login);
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

Task<Result<Login>> SessionService::open_session(Uuid user_id, FindAccount const& find, LoginClient client,
                                                 Throttle::Standing standing) {
    if (!client.code.empty()) {
        // Codes are short: each is counted before it is compared, so that no burst of them gets through.
        auto const totp = co_await work_.repositories().second_factors().find(user_id);
        if (totp && totp->confirmed_at) {
            auto const allowed = co_await throttle_.take(standing);
            if (!allowed) co_return allowed.error();
        }
    }
    auto const at = clock_.now();
    Session session{new_uuid(), {}, at, at + options_.refresh_life, std::move(client.device), at};
    auto issued = make_refresh_token(session.id, at);
    std::string email;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await find(repositories);
        if (!user) co_return user.error();
        session.user_id = user->id;
        email = user->email_key;
        auto const passed = co_await second_factor_.check(repositories, user->id, client.code, at);
        if (!passed) co_return passed.error();
        co_await repositories.sessions().insert(session);
        co_await repositories.sessions().insert_refresh_token(issued.row);
        Actor const actor(*user, client.origin);
        auto const details = audit_details({{"method", client.method}});
        AuditTarget const target{TargetKind::session, session.id};
        co_await record(repositories, actor, AuditAction::login_succeeded, target, at, details);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    bool const is_wrong = !done && done.error().code == ErrorCode::totp_wrong;
    if (is_wrong) {
        auto origin = client.origin;
        co_await record_failure(email, "second factor", std::move(origin));
        co_return throttle_.explain(done.error(), standing);
    }
    if (!done) co_return done.error();
    co_await throttle_.succeeded(standing);
    co_return make_login(session.user_id, std::move(issued), at);
}

/// Written for every address alike, so that neither the answer nor its time tells which accounts exist.
Task<> SessionService::record_failure(std::string_view email, std::string_view reason, Origin origin) {
    auto const left_out = failures_.take(clock_.steady_now());
    if (!left_out) co_return;
    auto const actor = Actor::nobody(std::move(origin));
    auto const details =
        audit_details({{"email", email}, {"reason", reason}, {"left_out_before", std::to_string(*left_out)}});
    AuditTarget const target{TargetKind::account, std::nullopt};
    co_await record(work_.repositories(), actor, AuditAction::login_failed, target, clock_.now(), details);
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

Task<Result<Login>> SessionService::refresh(std::string_view refresh_token, std::string network, Origin origin) {
    auto const hash = Sha256::of(refresh_token);
    // A read: what nobody knows makes no writer wait.
    auto const known = co_await work_.repositories().sessions().find_refresh_token(hash);
    if (!known) co_return co_await throttle_.refuse_token(ErrorCode::refresh_token_invalid, network);
    co_return co_await rotate(hash, origin);
}

Task<Result<Login>> SessionService::rotate(Sha256Digest const& hash, Origin const& origin) {
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
            auto const actor = Actor::nobody(origin);
            AuditTarget const target{TargetKind::session, token->session_id};
            auto const details = audit_details({{"account", user->id.to_string()}});
            co_await record(repositories, actor, AuditAction::session_replayed, target, at, details);
            co_return Result<void>{};
        }
        if (is_unverified(*user)) co_return Error(ErrorCode::email_unverified);
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
    auto standing = co_await throttle_.look(Attempt::login, user.email_key, client.network);
    auto const allowed = throttle_.may(standing);
    if (!allowed) co_return allowed.error();
    client.is_known = standing.is_known;
    auto const matches = co_await hasher_.verify(password, user.password_hash, client);
    if (!matches) co_return matches.error();
    if (!*matches) {
        auto origin = caller.origin;
        co_await record_failure(user.email_key, "confirmation", std::move(origin));
        co_await throttle_.failed(standing);
        co_return throttle_.explain(Error(ErrorCode::password_wrong), standing);
    }
    co_await throttle_.succeeded(standing);
    co_return Result<void>{};
}

Task<Result<void>> SessionService::confirm_owner(Caller const& caller, std::optional<std::string_view> password,
                                                 HashingClient& client) {
    if (caller.user.password_hash.empty()) {
        auto const session = co_await work_.repositories().sessions().find(caller.credential.id());
        bool const is_fresh = session && clock_.now() - session->created_at <= fresh_session;
        if (!is_fresh) co_return Error(ErrorCode::fresh_sign_in_required);
        co_return Result<void>{};
    }
    if (!password) {
        std::string const detail = "password is required";
        co_return Error(ErrorCode::validation_failed, detail, {{detail, "#/password"}});
    }
    co_return co_await confirm_password(caller, *password, client);
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
        AuditTarget const target{TargetKind::account, user.id};
        co_await record(repositories, caller, AuditAction::password_changed, target, clock_.now());
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

Task<std::vector<Session>> SessionService::list(Caller const& caller) {
    co_return co_await work_.repositories().sessions().list_active(caller.user.id, clock_.now(), max_listed_sessions);
}

Task<Result<void>> SessionService::end(Caller const& caller, Uuid session_id) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const at = clock_.now();
        bool const ended = co_await repositories.sessions().revoke(session_id, caller.user.id, at);
        if (!ended) co_return Error(ErrorCode::session_not_found);
        co_await record(repositories, caller, AuditAction::session_ended, {TargetKind::session, session_id}, at);
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

Task<> SessionService::end_all(Caller const& caller) {
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const at = clock_.now();
        co_await repositories.sessions().revoke_all(caller.user.id, at);
        AuditTarget const target{TargetKind::account, caller.user.id};
        co_await record(repositories, caller, AuditAction::sessions_ended, target, at);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    done.value();
}

}  // namespace clinikk
