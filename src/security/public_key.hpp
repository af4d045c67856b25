#pragma once

#include <cstdint>
#include <string>

namespace clinikk {

enum class KeyKind : std::uint8_t { rsa, p256 };

/// The public half of a private key, both as PEM. Throws `std::invalid_argument` with a sentence for the operator when
/// the text is not an unencrypted private key of this kind, or is an RSA key under 2048 bits (RFC 7518 section 3.3).
std::string public_key_pem(std::string const& private_key_pem, KeyKind kind);

}  // namespace clinikk
