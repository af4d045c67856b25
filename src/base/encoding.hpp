#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clinikk {

/// Lower-case hexadecimal.
std::string to_hex(std::span<std::uint8_t const> bytes);

/// Base64 with padding (RFC 4648 section 4).
std::string to_base64(std::span<std::uint8_t const> bytes);

/// Base64url without padding (RFC 4648 section 5), as JWT and cursors use it.
std::string to_base64url(std::string_view bytes);

/// Decodes unpadded base64url. Empty when a character or the length is not valid.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace clinikk
