#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clinikk::http {

/// The longest key, in characters.
inline constexpr std::size_t longest_idempotency_key = 255;

/// The key that an Idempotency-Key field states (draft-ietf-httpapi-idempotency-key-header-07 section 2.1): a String of
/// RFC 9651 section 3.3.3, `"8e03978e-40d5-43e8-bc93-6894a57f9324"`, without parameters. The same without quotes is
/// taken too, as many clients send it: visible ASCII but for quotes, backslash, comma and semicolon. Empty when it is
/// neither, or has no character or too many.
std::optional<std::string> parse_idempotency_key(std::string_view field);

}  // namespace clinikk::http
