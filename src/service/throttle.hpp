#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/async/task.hpp"
#include "base/quota.hpp"
#include "base/result.hpp"
#include "domain/clock.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// What is slowed down.
enum class Attempt : std::uint8_t {
    login,         ///< a password or a code of a second factor that was wrong
    registration,  ///< an account that is asked for
    mail,          ///< a link that is asked for by mail
    sign_in,       ///< a sign-in that is begun at the identity provider; it has no account yet
    token,         ///< a secret of this service that is none; it has no account
};

/// Slows down what can be guessed or makes work: by account and by network (`client_network`), for all processes
/// together, since the attempts are in the database.
///
/// - Attempts for an account from one network cost a wait from a number on: five seconds, then twice as much each time,
///   up to a quarter of an hour. The waits add up, to an hour at most. An hour after the last one they are forgotten.
/// - Attempts for an account from all networks together, and those of one network for all accounts, are slowed down to
///   a rate. Neither bound holds for a network that has logged in to the account before: whatever others do, only what
///   it does itself slows it down.
///
/// Who has to wait is told so after one read and costs no write. So the rate of writes is bounded by what is let
/// through, which for passwords is what can be hashed. Thread-safe.
class Throttle {
public:
    /// Without `enabled` (RATE_LIMIT) it remembers nothing, refuses nobody and asks the database for nothing.
    Throttle(UnitOfWork& work, Clock& clock, bool enabled) : work_(work), clock_(clock), enabled_(enabled) {}

    /// What is known about an attempt that is about to be made.
    struct Standing {
        Attempt attempt = Attempt::login;
        std::array<Sha256Digest, 4> keys{};  ///< of pair, account, network, and of being known
        bool has_account = false;
        bool is_known = false;             ///< the network has logged in to the account before
        Timestamp known_until{};           ///< what says so expires then
        ThrottleRow told{};                ///< what the client is told of: the row of the pair, or else of the network
        std::chrono::milliseconds wait{};  ///< until the next attempt may be made; zero: now
    };

    /// Reads how it stands with an attempt. `account` is the key of an e-mail address; it is empty for what has no
    /// account.
    Task<Standing> look(Attempt attempt, std::string_view account, std::string_view network);

    /// Fails with `rate_limited` while the attempt may not be made.
    Result<void> may(Standing const& standing) const;

    /// Counts an attempt that is about to be made. Fails with `rate_limited` when it may not be made: of attempts at
    /// the same time no more are let through than one after the other.
    Task<Result<void>> take(Standing& standing);

    /// Counts a login that was made and was wrong.
    Task<> failed(Standing& standing);

    /// Forgets the failures of a login that was right, and remembers that the account has logged in from there.
    Task<> succeeded(Standing standing);

    /// The error, with what is left of the limit.
    Error explain(Error error, Standing const& standing) const;

    /// The answer to a secret that is none: `wrong`, or `rate_limited` when the network has shown too many of them.
    /// Who has a good one is never refused.
    Task<Error> refuse_token(ErrorCode wrong, std::string_view network);

private:
    Task<bool> charge(Standing& standing, bool even_if_waiting);

    UnitOfWork& work_;
    Clock& clock_;
    bool enabled_;
};

}  // namespace clinikk
