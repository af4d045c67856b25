#include "service/sign_in_service.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "service/account_handover.hpp"

namespace clinikk {
namespace {

constexpr std::chrono::minutes sign_in_life{10};
constexpr std::chrono::minutes code_life{1};
/// For accounts whose owner has to type a code of the second factor meanwhile.
constexpr std::chrono::minutes code_life_with_second_factor{5};

/// S256 of RFC 7636 section 4.2.
std::string challenge_of(std::string_view code_verifier) {
    auto const digest = Sha256::of(code_verifier);
    return to_base64url({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

/// The app's address with this query parameter and the app's own state.
std::string with_parameter(SignIn const& sign_in, std::string_view name, std::string_view value) {
    auto address = sign_in.redirect_url;
    address += address.find('?') == address.npos ? '?' : '&';
    address.append(name).append("=").append(percent_encode(value));
    if (!sign_in.app_state.empty()) address += "&state=" + percent_encode(sign_in.app_state);
    return address;
}

}  // namespace

SignInService::SignInService(UnitOfWork& work, IdentityProvider* provider, SessionService& sessions, Throttle& throttle,
                             Clock& clock, SignInOptions options, Log& log)
    : work_(work),
      provider_(provider),
      sessions_(sessions),
      throttle_(throttle),
      clock_(clock),
      options_(std::move(options)),
      log_(log) {}

bool SignInService::allows(std::string_view redirect_url) const {
    return std::ranges::find(options_.redirect_urls, redirect_url) != options_.redirect_urls.end();
}

Task<Result<BegunSignIn>> SignInService::begin(WantedSignIn wanted, std::string network) {
    if (provider_ == nullptr) co_return Error(ErrorCode::sign_in_not_offered);
    // Each makes a row, for anybody.
    auto standing = co_await throttle_.look(Attempt::sign_in, {}, network);
    auto const allowed = co_await throttle_.take(standing);
    if (!allowed) co_return allowed.error();
    auto const state = make_secret();
    BegunSignIn begun{{}, make_secret()};
    SignIn const row{.state_hash = Sha256::of(state),
                     .browser_hash = Sha256::of(begun.browser_secret),
                     .nonce = make_secret(),
                     .code_verifier = make_secret(),
                     .callback_url = std::move(wanted.callback_url),
                     .redirect_url = std::move(wanted.redirect_url),
                     .code_challenge = std::move(wanted.code_challenge),
                     .app_state = std::move(wanted.app_state),
                     .expires_at = clock_.now() + sign_in_life};
    AuthorizationRequest const request{row.callback_url, state, row.nonce, challenge_of(row.code_verifier)};
    auto location = co_await provider_->authorization_url(request);
    if (!location) co_return location.error();
    co_await work_.repositories().identities().insert_sign_in(row);
    begun.location = std::move(*location);
    co_return begun;
}

Task<Result<std::string>> SignInService::finish(ReturnedSignIn returned, std::string network) {
    if (provider_ == nullptr) co_return Error(ErrorCode::sign_in_not_offered);
    // Taken at once and outside a transaction: whatever follows, this state is used.
    auto const sign_in = co_await work_.repositories().identities().take_sign_in(Sha256::of(returned.state),
                                                                                 Sha256::of(returned.browser_secret));
    bool const is_good = sign_in && sign_in->expires_at > clock_.now();
    if (!is_good) co_return co_await throttle_.refuse_token(ErrorCode::sign_in_expired, network);
    if (returned.code.empty()) {
        co_return with_parameter(*sign_in, "error", describe(ErrorCode::sign_in_denied).name);
    }
    AuthorizationAnswer const answer{.code = std::move(returned.code),
                                     .issuer = std::move(returned.issuer),
                                     .callback_url = sign_in->callback_url,
                                     .nonce = sign_in->nonce,
                                     .code_verifier = sign_in->code_verifier};
    auto const identity = co_await provider_->redeem(answer);
    if (!identity) co_return with_parameter(*sign_in, "error", describe(identity.error().code).name);
    auto const code = co_await admit(*identity, *sign_in, returned.origin);
    if (!code) co_return with_parameter(*sign_in, "error", describe(code.error().code).name);
    co_return with_parameter(*sign_in, "code", *code);
}

Task<Result<std::string>> SignInService::admit(ProvenIdentity const& identity, SignIn const& sign_in,
                                               Origin const& origin) {
    auto const code = make_secret();
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await find_account(repositories, identity, origin);
        if (!user) co_return user.error();
        if (!user->is_active) co_return Error(ErrorCode::account_disabled);
        auto const totp = co_await repositories.second_factors().find(user->id);
        auto const life = totp && totp->confirmed_at ? code_life_with_second_factor : code_life;
        SignInCode const row{Sha256::of(code), user->id, sign_in.code_challenge, clock_.now() + life};
        co_await repositories.identities().insert_code(row);
        co_return Result<void>{};
    };
    auto done = co_await work_.transaction(steps);
    // Somebody has registered the address, or signed in with it, at the same moment: now it is found.
    bool const is_overtaken = !done && done.error().code == ErrorCode::email_taken;
    if (is_overtaken) done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    co_return code;
}

Task<Result<User>> SignInService::find_account(Repositories& repositories, ProvenIdentity const& identity,
                                               Origin const& origin) {
    auto const known = co_await repositories.identities().find(identity.issuer, identity.subject);
    if (!known) co_return co_await link_account(repositories, identity, origin);
    auto user = co_await repositories.users().find(known->user_id);
    co_return std::move(user.value());
}

Task<Result<User>> SignInService::link_account(Repositories& repositories, ProvenIdentity const& identity,
                                               Origin const& origin) {
    auto const email = Email::parse(identity.email);
    if (!email || !identity.email_verified) co_return Error(ErrorCode::identity_email_unverified);
    auto const at = clock_.now();
    auto user = co_await repositories.users().find_by_email_key(email->key());
    if (user && !user->is_active) co_return Error(ErrorCode::account_disabled);
    if (!user && !options_.new_accounts) co_return Error(ErrorCode::identity_unknown);
    bool const is_claimed = user && !is_address_proven(*user);
    if (is_claimed) {
        // Nobody has proven to this service that the address was theirs when the account was made. Whoever waits there
        // with a password or a key for the owner of the address to come loses it (account pre-hijacking).
        co_await repositories.users().set_password_hash(user->id, "");
        co_await hand_over_account(repositories, *user, at);
    } else if (!user) {
        user = User{new_uuid(), email->value(), email->key(), "", *options_.new_accounts, true, at};
        user->email_verified_at = at;
        auto const inserted = co_await repositories.users().insert(*user);
        if (!inserted) co_return inserted.error();
        Actor const actor(*user, origin);
        co_await record(repositories, actor, AuditAction::account_registered, {TargetKind::account, user->id}, at);
    }
    Identity const row{identity.issuer, identity.subject, user->id, at};
    bool const is_linked = co_await repositories.identities().insert(row);
    if (!is_linked) {
        // Either another request has linked it at this moment, or the account is that of another person, who had the
        // address before: addresses are given anew, subjects are not (OpenID Connect Core 1.0 section 5.7).
        auto const present = co_await repositories.identities().find(row.issuer, row.subject);
        if (!present || present->user_id != user->id) co_return Error(ErrorCode::identity_unknown);
    }
    Actor const actor(*user, origin);
    auto const details = audit_details({{"issuer", identity.issuer}});
    co_await record(repositories, actor, AuditAction::identity_linked, {TargetKind::account, user->id}, at, details);
    log_.info("identity.linked", {{"user", user->id.to_string()}, {"issuer", identity.issuer}});
    co_return std::move(*user);
}

Task<Result<Login>> SignInService::redeem(std::string_view code, std::string_view code_verifier, LoginClient client) {
    if (provider_ == nullptr) co_return Error(ErrorCode::sign_in_not_offered);
    client.method = "oidc";
    auto const hash = Sha256::of(code);
    auto const challenge = challenge_of(code_verifier);
    // The account is needed before the transaction: a code of its second factor is counted first.
    auto const found = co_await work_.repositories().identities().find_code(hash);
    if (!found) co_return co_await throttle_.refuse_token(ErrorCode::sign_in_code_invalid, client.network);
    auto const account = co_await work_.repositories().users().find(found->user_id);
    if (!account) co_return Error(ErrorCode::sign_in_code_invalid);
    bool const is_proven = found->expires_at > clock_.now() && found->code_challenge == challenge;
    if (!is_proven) co_return Error(ErrorCode::sign_in_code_invalid);
    auto standing = co_await throttle_.look(Attempt::login, account->email_key, client.network);
    SessionService::FindAccount const find = [&](Repositories& repositories) -> Task<Result<User>> {
        auto const row = co_await repositories.identities().take_code(hash);
        bool const is_good = row && row->expires_at > clock_.now() && row->code_challenge == challenge;
        if (!is_good) co_return Error(ErrorCode::sign_in_code_invalid);
        auto user = co_await repositories.users().find(row->user_id);
        if (!user) co_return Error(ErrorCode::sign_in_code_invalid);
        if (!user->is_active) co_return Error(ErrorCode::account_disabled);
        co_return std::move(*user);
    };
    co_return co_await sessions_.open_session(account->id, find, std::move(client), standing);
}

}  // namespace clinikk
