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

/// Decodes base64 with its padding. Empty when a character, the padding or the length is not valid.
std::optional<std::string> from_base64(std::string_view text);

/// Base32 without padding (RFC 4648 section 6).
std::string to_base32(std::string_view bytes);

/// Base64url without padding (RFC 4648 section 5), as JWT and cursors use it.
std::string to_base64url(std::string_view bytes);

/// Text as a part of a URL: everything but unreserved characters is escaped (RFC 3986 section 2.3).
std::string percent_encode(std::string_view text);

/// Decodes unpadded base64url. Empty when a character or the length is not valid.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace clinikk
