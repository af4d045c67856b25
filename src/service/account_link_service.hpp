#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/account_token.hpp"
#include "domain/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/mailer.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"
#include "service/audit.hpp"
#include "service/throttle.hpp"

namespace clinikk {

struct AccountLinkOptions {
    std::string password_reset_url{};      ///< a page of the company's app, with `{token}` (PASSWORD_RESET_URL)
    std::string email_verification_url{};  ///< the same for EMAIL_VERIFICATION_URL
};

/// Mails one-time links to accounts, and does what they are for when their tokens come back: sets a new password,
/// or marks the e-mail address as verified.
///
/// Whoever asks for a link learns nothing about the account: the request only checks limits that are the same for every
/// address, and what depends on the account happens after the answer.
class AccountLinkService {
public:
    /// Without a `mailer` nothing can be requested.
    AccountLinkService(UnitOfWork& work, PasswordHasher& hasher, Throttle& throttle, Mailer* mailer, Clock& clock,
                       AccountLinkOptions options, Log& log);

    /// Mails a link for a new password, if an active account has that address. An account gets at most three mails of a
    /// kind within an hour. `network` is that of the client. Fails with `mail_unavailable` without a mailer, with
    /// `rate_limited` (see `Throttle`), and with `unavailable` when too many requests are under way.
    Task<Result<void>> request_password_reset(Email const& email, std::string network, Origin origin = {});
    /// The same for a link that verifies the address of an account.
    Task<Result<void>> request_verification(Email const& email, std::string network, Origin origin = {});
    /// Mails that link to an account that has just been made. Does nothing without a mailer.
    Task<> welcome(User const& user, Origin origin = {});

    /// Sets a new password and ends all sessions of the account. The address counts as verified, since the token came
    /// by mail to it. Fails with `one_time_token_invalid`, with `validation_failed` for the member `new_password` if it
    /// is the address of the account, or with `unavailable` when too many passwords wait to be hashed.
    Task<Result<void>> reset_password(std::string_view token, Password const& password, std::string network,
                                      Origin origin = {});
    /// Marks the address of an account as verified. Fails with `one_time_token_invalid`. A network that shows too many
    /// tokens that are none gets `rate_limited` for them, here and in `reset_password`.
    Task<Result<void>> verify_email(std::string_view token, std::string network, Origin origin = {});

private:
    Task<Result<void>> request(TokenPurpose purpose, Email const& email, std::string network, Origin origin);
    /// Starts `send_link`, which goes on after the request.
    Task<> start_sending(TokenPurpose purpose, std::string email_key, Origin origin);
    Task<> send_link(TokenPurpose purpose, std::string email_key, Origin origin);
    Task<> send_link_to(TokenPurpose purpose, User const& user, Origin const& origin);
    Mail make_mail(TokenPurpose purpose, User const& user, std::string_view token) const;

    UnitOfWork& work_;
    PasswordHasher& hasher_;
    Throttle& throttle_;
    Mailer* mailer_;
    Clock& clock_;
    AccountLinkOptions options_;
    Log& log_;
    std::atomic<std::size_t> sending_{0};
};

}  // namespace clinikk
