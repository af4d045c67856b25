#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.hpp"
#include "domain/identity_provider.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/values.hpp"
#include "service/session_service.hpp"

namespace clinikk {

struct SignInOptions {
    std::vector<std::string> redirect_urls{};  ///< of the apps that may ask for a sign-in; compared exactly
    std::optional<Role> new_accounts{};        ///< the role of accounts that sign-ins make; none: they make none
};

/// What an app asks for.
struct WantedSignIn {
    std::string redirect_url;
    std::string code_challenge;  ///< S256 (RFC 7636): only the holder of its verifier can use the app's code
    std::string app_state{};     ///< handed back to the app
    std::string callback_url;    ///< of this service, for the provider
};

/// The way to the provider.
struct BegunSignIn {
    std::string location;        ///< where the browser is sent
    std::string browser_secret;  ///< which the browser must show when it comes back
};

/// What the browser brings from the provider.
struct ReturnedSignIn {
    std::string browser_secret;
    std::string state;
    std::string code{};    ///< empty: none
    std::string issuer{};  ///< `iss` (RFC 9207); empty: none
    Origin origin{};
};

/// Signs people in by an identity provider, on behalf of apps. The app sends the browser here, we send it to the
/// provider, and the provider sends it back; then the app gets a code, which it turns into a session.
class SignInService {
public:
    /// Without a provider every operation fails with `sign_in_not_offered`.
    SignInService(UnitOfWork& work, IdentityProvider* provider, SessionService& sessions, Throttle& throttle,
                  Clock& clock, SignInOptions options, Log& log);

    bool is_offered() const noexcept { return provider_ != nullptr; }

    /// Whether an app with that address may ask for a sign-in.
    bool allows(std::string_view redirect_url) const;

    /// Begins a sign-in for an app that is allowed. Fails with `identity_provider_failed`, and with `rate_limited`
    /// when that network has begun too many.
    Task<Result<BegunSignIn>> begin(WantedSignIn wanted, std::string network);

    /// Ends the provider's part and returns the address of the app to which the browser is sent, with a `code` or an
    /// `error`. Fails with `sign_in_expired` when the state is unknown, used or old, or is another browser's, and
    /// with `rate_limited` for too many of them.
    Task<Result<std::string>> finish(ReturnedSignIn returned, std::string network);

    /// Turns the app's code into a session, once and within a minute; an account with a second factor has five minutes.
    /// Fails with `sign_in_code_invalid`, `account_disabled`, and as `SessionService::open_session`: the code is used
    /// up by success only.
    Task<Result<Login>> redeem(std::string_view code, std::string_view code_verifier, LoginClient client);

private:
    /// The account of an identity, which may be made or linked on the way.
    Task<Result<User>> find_account(Repositories& repositories, ProvenIdentity const& identity, Origin const& origin);
    Task<Result<User>> link_account(Repositories& repositories, ProvenIdentity const& identity, Origin const& origin);
    /// Makes the app's code for the account of an identity.
    Task<Result<std::string>> admit(ProvenIdentity const& identity, SignIn const& sign_in, Origin const& origin);

    UnitOfWork& work_;
    IdentityProvider* provider_;
    SessionService& sessions_;
    Throttle& throttle_;
    Clock& clock_;
    SignInOptions options_;
    Log& log_;
};

}  // namespace clinikk
