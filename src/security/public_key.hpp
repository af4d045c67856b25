#pragma once

#include <string>

namespace clinikk {

enum class KeyKind { rsa, p256 };

/// The public half of a key pair.
struct PublicKey {
    std::string pem;
    /// The JWK (RFC 7517) with its required members only, in the order of their names and without white space: the
    /// input of the thumbprint (RFC 7638 section 3).
    std::string jwk;
};

/// The public half of a private key that is given as PEM. Throws `std::invalid_argument` with a sentence for the
/// operator when the text is not an unencrypted private key of this kind, or is an RSA key under 2048 bits (RFC 7518
/// section 3.3).
PublicKey public_key_of(std::string const& private_key_pem, KeyKind kind);

}  // namespace clinikk
