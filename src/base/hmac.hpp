#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/sha256.hpp"

namespace clinikk {

/// HMAC with SHA-256 (RFC 2104).
Sha256Digest hmac_sha256(std::string_view key, std::string_view message);

/// HMAC with SHA-1, for what a standard binds to it (RFC 4226). Collisions of SHA-1 do not weaken it.
std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view message);

/// A key of 32 bytes for one purpose, derived from a secret: HKDF with SHA-256 and without salt (RFC 5869).
std::string derive_key(std::string_view secret, std::string_view purpose);

}  // namespace clinikk
