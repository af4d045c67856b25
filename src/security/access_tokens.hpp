#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "domain/credentials.hpp"

namespace clinikk {

struct TokenOptions {
    std::string algorithm = "HS256";  ///< `HS256`, `HS384`, `HS512`, `RS256` or `ES256` (RFC 7518 section 3.1)
    /// For HS*: at least 32 bytes. Otherwise a private key as PEM: RSA of at least 2048 bits, or P-256.
    std::string secret_or_private_key_pem{};
    /// The key before that, while tokens that it has signed are still accepted; empty: none.
    std::string previous_key{};
    std::string issuer = "clinikk-tv";  ///< `iss`: tokens of other issuers are refused
    std::chrono::seconds lifetime{30 * 60};
};

/// Access tokens as JWT (RFC 7519) whose header names their key (`kid`). Thread-safe. Throws `std::invalid_argument`
/// with a sentence for the operator when algorithm and key do not fit.
std::unique_ptr<AccessTokens> make_access_tokens(TokenOptions options);

}  // namespace clinikk
