#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clinikk {

/// A public key of somebody else, with which they sign tokens.
struct VerificationKey {
    std::string algorithm;  ///< `RS256` or `ES256`: the only one that it is used for
    std::string id;         ///< `kid`; may be empty
    std::string pem;
};

/// The keys of a JWK Set (RFC 7517 section 5) that can check signatures by RS256 (RSA of 2048 to 8192 bits) or ES256
/// (P-256). Others are left out, as section 5 asks. Empty when the text is no JWK Set.
std::optional<std::vector<VerificationKey>> read_jwk_set(std::string_view text);

}  // namespace clinikk
