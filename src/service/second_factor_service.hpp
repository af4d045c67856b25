#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.hpp"
#include "service/second_factor.hpp"
#include "service/session_service.hpp"

namespace clinikk {

/// A new authenticator, for the owner to enter.
struct NewTotp {
    std::string secret;   ///< base32
    std::string address;  ///< `otpauth://…`, for a QR code
};

/// Adds a second factor to accounts and removes it.
class SecondFactorService {
public:
    SecondFactorService(UnitOfWork& work, SessionService& sessions, SecondFactor& second_factor, Throttle& throttle,
                        SecretBox& box, Clock& clock)
        : work_(work),
          sessions_(sessions),
          second_factor_(second_factor),
          throttle_(throttle),
          box_(box),
          clock_(clock) {}

    /// Makes an authenticator for the caller. It protects nothing until `confirm`; beginning again replaces it. Fails
    /// with `totp_active` when the account has one, and as `SessionService::confirm_owner`.
    Task<Result<NewTotp>> begin(Caller const& caller, std::optional<std::string_view> password, std::string network);

    /// Makes logins need the authenticator, whose first code this is. Returns ten recovery codes, which can not be told
    /// again. Fails with `totp_not_found` when nothing awaits confirmation, `totp_wrong`, and `rate_limited`.
    Task<Result<std::vector<std::string>>> confirm(Caller const& caller, std::string_view code,
                                                   std::string_view network);

    /// Removes the second factor of the caller. Needs one of its codes. Fails with `totp_not_found`, `totp_wrong` and
    /// `rate_limited`.
    Task<Result<void>> remove(Caller const& caller, std::string_view code, std::string_view network);

private:
    /// Runs steps that compare a code, within the limits for wrong ones.
    Task<Result<void>> limited(Caller const& caller, std::string_view network, UnitOfWork::Steps const& steps);

    UnitOfWork& work_;
    SessionService& sessions_;
    SecondFactor& second_factor_;
    Throttle& throttle_;
    SecretBox& box_;
    Clock& clock_;
};

}  // namespace clinikk
