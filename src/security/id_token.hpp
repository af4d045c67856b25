#pragma once

#include <boost/system/result.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "security/jwk.hpp"

namespace clinikk {

/// What an ID token must say.
struct IdTokenRules {
    std::string issuer;
    std::string client_id;
    std::string nonce;
};

/// The name of the key that has signed a token, as its header says; empty when the header names none. Fails, with a
/// sentence for the log, for a token that is none, and for any algorithm but RS256 and ES256.
boost::system::result<std::string, std::string> key_id_of(std::string_view token);

/// Checks everything about an ID token (OpenID Connect Core 1.0 section 3.1.3.7) and returns its claims. Fails with a
/// sentence for the log. `keys` are the provider's.
boost::system::result<JsonValue, std::string> check_id_token(std::string_view token,
                                                             std::span<VerificationKey const> keys,
                                                             IdTokenRules const& rules, Timestamp at);

}  // namespace clinikk
