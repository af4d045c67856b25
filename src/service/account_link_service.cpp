#include "service/account_link_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

#include "base/random.hpp"
#include "domain/link_page.hpp"
#include "domain/password.hpp"
#include "service/account_handover.hpp"

namespace clinikk {
namespace {

constexpr std::chrono::hours reset_life{1};
constexpr std::chrono::hours verification_life{24};
constexpr std::chrono::hours mail_period{1};
constexpr std::int64_t mails_in_period = 3;

/// Requests whose mails are not yet handed to the mailer.
constexpr std::size_t max_sending = 256;
constexpr std::chrono::seconds sending_wait{5};

std::chrono::hours life_of(TokenPurpose purpose) {
    return purpose == TokenPurpose::password_reset ? reset_life : verification_life;
}

AuditAction request_of(TokenPurpose purpose) {
    return purpose == TokenPurpose::password_reset ? AuditAction::password_reset_requested
                                                   : AuditAction::email_verification_requested;
}

/// The active account that a token belongs to; empty when the token is of no use for that purpose.
Task<std::optional<User>> find_holder(Repositories& repositories, Sha256Digest const& hash, TokenPurpose purpose,
                                      Timestamp at) {
    auto const token = co_await repositories.account_tokens().find(hash);
    bool const is_good = token && token->purpose == purpose && !token->used_at && token->expires_at > at;
    if (!is_good) co_return std::nullopt;
    auto user = co_await repositories.users().find(token->user_id);
    if (user && !user->is_active) user.reset();
    co_return user;
}

}  // namespace

AccountLinkService::AccountLinkService(UnitOfWork& work, PasswordHasher& hasher, Throttle& throttle, Mailer* mailer,
                                       Clock& clock, AccountLinkOptions options, Log& log)
    : work_(work),
      hasher_(hasher),
      throttle_(throttle),
      mailer_(mailer),
      clock_(clock),
      options_(std::move(options)),
      log_(log) {}

Task<Result<void>> AccountLinkService::request_password_reset(Email const& email, std::string network, Origin origin) {
    return request(TokenPurpose::password_reset, email, std::move(network), std::move(origin));
}

Task<Result<void>> AccountLinkService::request_verification(Email const& email, std::string network, Origin origin) {
    return request(TokenPurpose::email_verification, email, std::move(network), std::move(origin));
}

Task<> AccountLinkService::welcome(User const& user, Origin origin) {
    if (mailer_ == nullptr || sending_ >= max_sending) co_return;
    co_await start_sending(TokenPurpose::email_verification, user.email_key, std::move(origin));
}

Task<Result<void>> AccountLinkService::request(TokenPurpose purpose, Email const& email, std::string network,
                                               Origin origin) {
    if (mailer_ == nullptr) co_return Error(ErrorCode::mail_unavailable);
    if (sending_ >= max_sending) co_return Error::passing(ErrorCode::unavailable, sending_wait);
    // Every request counts, whether or not an account has the address.
    auto standing = co_await throttle_.look(Attempt::mail, email.key(), network);
    auto const allowed = co_await throttle_.take(standing);
    if (!allowed) co_return allowed.error();
    co_await start_sending(purpose, email.key(), std::move(origin));
    co_return Result<void>{};
}

Task<> AccountLinkService::start_sending(TokenPurpose purpose, std::string email_key, Origin origin) {
    auto const executor = co_await boost::asio::this_coro::executor;
    ++sending_;
    boost::asio::co_spawn(executor, send_link(purpose, std::move(email_key), std::move(origin)), boost::asio::detached);
}

/// Nobody waits for this. What goes wrong is logged.
Task<> AccountLinkService::send_link(TokenPurpose purpose, std::string email_key, Origin origin) {
    // The request goes first: nothing of this may delay its answer.
    auto const executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    try {
        auto const user = co_await work_.repositories().users().find_by_email_key(email_key);
        bool const is_wanted =
            user && user->is_active && (purpose == TokenPurpose::password_reset || !user->email_verified_at);
        if (is_wanted) co_await send_link_to(purpose, *user, origin);
    } catch (std::exception const& failure) {
        log_.warning("account_link.failed", {{"error", failure.what()}});
    }
    --sending_;
}

Task<> AccountLinkService::send_link_to(TokenPurpose purpose, User const& user, Origin const& origin) {
    auto const at = clock_.now();
    auto const secret = make_secret();
    AccountToken const token{.token_hash = Sha256::of(secret),
                             .user_id = user.id,
                             .purpose = purpose,
                             .issued_at = at,
                             .expires_at = at + life_of(purpose)};
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto& tokens = repositories.account_tokens();
        auto const recent = co_await tokens.count_issued(user.id, purpose, at - mail_period);
        if (recent >= mails_in_period) co_return Error(ErrorCode::rate_limited);
        co_await tokens.insert(token);
        auto const actor = Actor::nobody(origin);
        co_await record(repositories, actor, request_of(purpose), {TargetKind::account, user.id}, at);
        co_return Result<void>{};
    };
    auto const issued = co_await work_.transaction(steps);
    bool const is_posted = issued && mailer_->post(make_mail(purpose, user, secret));
    if (is_posted) co_return;
    auto const* const reason = issued ? "too many mails wait" : "the account has received too many mails lately";
    log_.warning("account_link.withheld", {{"user", user.id.to_string()}, {"reason", reason}});
}

Mail AccountLinkService::make_mail(TokenPurpose purpose, User const& user, std::string_view token) const {
    if (purpose == TokenPurpose::password_reset) {
        return {.to = user.email,
                .subject = "Choose a new password",
                .text = "Somebody asked for a new password for the account " + user.email +
                        ".\nIf it was you, open this link within an hour:\n\n" +
                        link_with_token(options_.password_reset_url, token) +
                        "\n\nIf it was not you, ignore this mail: nothing has changed.\n",
                .kind = "password_reset",
                .user_id = user.id};
    }
    return {.to = user.email,
            .subject = "Confirm your e-mail address",
            .text = "An account was made with the address " + user.email +
                    ".\nIf it is yours, open this link within a day:\n\n" +
                    link_with_token(options_.email_verification_url, token) +
                    "\n\nIf you did not create an account, ignore this mail.\n",
            .kind = "email_verification",
            .user_id = user.id};
}

Task<Result<void>> AccountLinkService::reset_password(std::string_view token, Password const& password,
                                                      std::string network, Origin origin) {
    constexpr auto purpose = TokenPurpose::password_reset;
    auto const token_hash = Sha256::of(token);
    // The token is checked first: hashing is expensive, and only its holder may cause it.
    auto const holder = co_await find_holder(work_.repositories(), token_hash, purpose, clock_.now());
    if (!holder) co_return co_await throttle_.refuse_token(ErrorCode::one_time_token_invalid, network);
    auto const acceptable = refuse_address_as_password(password, holder->email_key, "new_password");
    if (!acceptable) co_return acceptable.error();
    HashingClient client{std::move(network)};
    auto const hash = co_await hasher_.hash(password.value(), std::move(client));
    if (!hash) co_return hash.error();
    auto const at = clock_.now();
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await find_holder(repositories, token_hash, purpose, at);
        if (!user) co_return Error(ErrorCode::one_time_token_invalid);
        bool const is_used = co_await repositories.account_tokens().use(token_hash, at);
        if (!is_used) co_return Error(ErrorCode::one_time_token_invalid);
        co_await repositories.users().set_password_hash(user->id, *hash);
        co_await hand_over_account(repositories, *user, at);
        Actor const actor(*user, origin);
        co_await record(repositories, actor, AuditAction::password_reset, {TargetKind::account, user->id}, at);
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done.error();
    log_.info("password.reset", {{"user", holder->id.to_string()}});
    co_return Result<void>{};
}

Task<Result<void>> AccountLinkService::verify_email(std::string_view token, std::string network, Origin origin) {
    auto const token_hash = Sha256::of(token);
    auto const at = clock_.now();
    // A read: what nobody knows makes no writer wait.
    auto const holder = co_await find_holder(work_.repositories(), token_hash, TokenPurpose::email_verification, at);
    if (!holder) co_return co_await throttle_.refuse_token(ErrorCode::one_time_token_invalid, network);
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        auto const user = co_await find_holder(repositories, token_hash, TokenPurpose::email_verification, at);
        if (!user) co_return Error(ErrorCode::one_time_token_invalid);
        bool const is_used = co_await repositories.account_tokens().use(token_hash, at);
        if (!is_used) co_return Error(ErrorCode::one_time_token_invalid);
        co_await repositories.users().set_email_verified(user->id, at);
        Actor const actor(*user, origin);
        co_await record(repositories, actor, AuditAction::email_verified, {TargetKind::account, user->id}, at);
        co_return Result<void>{};
    };
    co_return co_await work_.transaction(steps);
}

}  // namespace clinikk
