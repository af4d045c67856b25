#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace clinikk {

/// Fills `out` with bytes that cannot be predicted (getrandom(2)). Thread-safe.
void fill_random(std::span<std::uint8_t> out);

/// A secret of 256 bits for clients, as 43 characters of base64url.
std::string make_secret();

}  // namespace clinikk
