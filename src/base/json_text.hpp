#pragma once

#include <string>
#include <string_view>

namespace clinikk {

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Control characters are escaped. `text` should
/// be UTF-8; invalid bytes are replaced by U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Length of the longest valid UTF-8 prefix (RFC 3629: no overlong forms, no surrogates).
std::size_t valid_utf8_prefix(std::string_view text) noexcept;

/// The text with U+FFFD in place of each byte that is not valid UTF-8.
std::string with_valid_utf8(std::string_view text);

inline bool is_utf8(std::string_view text) noexcept { return valid_utf8_prefix(text) == text.size(); }

}  // namespace clinikk
