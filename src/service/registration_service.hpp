#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/clock.hpp"
#include "domain/invite.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"
#include "service/throttle.hpp"
#include "service/user_service.hpp"

namespace clinikk {

/// Who may make an account: everybody, the invited, or nobody.
enum class RegistrationMode : std::uint8_t { open, invite, closed };

struct RegistrationOptions {
    RegistrationMode mode = RegistrationMode::open;  ///< REGISTRATION
    Role role = Role::editor;                        ///< of accounts without an invite (REGISTRATION_ROLE)
    std::string invite_url{};                        ///< a page of the company's app, with `{token}` (INVITE_URL)
};

struct IssuedInvite {
    Invite invite{};
    std::string token{};               ///< 256 random bits as base64url; only its hash is stored
    std::optional<std::string> url{};  ///< that page with the token, where there is one
};

/// Registration and the invites for it.
class RegistrationService {
public:
    static constexpr std::int64_t max_open_invites = 1000;

    RegistrationService(UnitOfWork& work, UserService& users, Throttle& throttle, Clock& clock,
                        RegistrationOptions options);

    /// Makes the account of a client from `network`. With an invite, which is used up by that, it has the role of the
    /// invite. Fails with `registration_closed` when the client needs an invite or accounts are made by administrators
    /// only, with `invite_invalid`, with `rate_limited` (see `Throttle`), and as `UserService::add`.
    Task<Result<User>> add(Email const& email, Password const& password, std::string_view invite_token,
                           std::string network, Origin origin = {});

    /// Makes an invite. Fails as `current_admin`; with `registration_closed` where nobody may register, and with
    /// `too_many_invites` when as many as possible are open.
    Task<Result<IssuedInvite>> invite(Caller const& caller, Role role, std::chrono::seconds life);

    /// The open invites, the newest first, at most 100.
    Task<std::vector<Invite>> list();
    /// Withdraws an invite. Fails as `current_admin` and with `invite_not_found`.
    Task<Result<void>> withdraw(Caller const& caller, Uuid invite_id);

private:
    Task<Result<void>> take_attempt(Email const& email, std::string_view network);

    UnitOfWork& work_;
    UserService& users_;
    Throttle& throttle_;
    Clock& clock_;
    RegistrationOptions options_;
};

}  // namespace clinikk
