#pragma once

#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/result.hpp"

namespace clinikk {

/// What the browser takes to the provider.
struct AuthorizationRequest {
    std::string callback_url;
    std::string state;
    std::string nonce;
    std::string code_challenge;  ///< S256 (RFC 7636)
};

/// What the browser has brought back, and what was remembered meanwhile.
struct AuthorizationAnswer {
    std::string code;
    std::string issuer{};  ///< `iss` (RFC 9207); empty: none
    std::string callback_url;
    std::string nonce;
    std::string code_verifier;
};

/// A person, as the provider vouches for them.
struct ProvenIdentity {
    std::string issuer;
    std::string subject;
    std::string email{};  ///< empty: the provider tells none
    bool email_verified = false;
};

/// An OpenID provider (OpenID Connect Core 1.0). Both operations fail with `identity_provider_failed` when it does not
/// answer in time or its answer cannot be trusted; the log has the reason. Thread-safe.
class IdentityProvider {
public:
    virtual ~IdentityProvider() = default;

    /// The address to which the browser is sent (section 3.1.2.1).
    virtual Task<Result<std::string>> authorization_url(AuthorizationRequest const& request) = 0;

    /// Exchanges the code for an ID token and checks it (sections 3.1.3.3 and 3.1.3.7).
    virtual Task<Result<ProvenIdentity>> redeem(AuthorizationAnswer const& answer) = 0;
};

}  // namespace clinikk
