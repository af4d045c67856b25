#pragma once

#include <string_view>

#include "base/sha256.hpp"

namespace clinikk {

/// HMAC with SHA-256 (RFC 2104).
Sha256Digest hmac_sha256(std::string_view key, std::string_view message);

}  // namespace clinikk
