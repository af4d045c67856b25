#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk {

/// Normalization Form C (UAX #15): how text is kept. Empty when the bytes are not valid UTF-8.
std::optional<std::string> to_nfc(std::string_view text);

/// Normalization Form KC (UAX #15): compatibility variants become one. Empty when not valid UTF-8.
std::optional<std::string> to_nfkc(std::string_view text);

/// NFKC_Casefold (Unicode, section 3.13): for comparing without regard to case. Empty when not valid UTF-8.
std::optional<std::string> to_nfkc_casefold(std::string_view text);

/// Each character in lower case, in NFC. Empty when not valid UTF-8.
std::optional<std::string> to_lower(std::string_view text);

/// The number of code points in valid UTF-8.
std::size_t count_code_points(std::string_view text) noexcept;

/// The kinds of code point that the value types tell apart.
enum class CharacterKind : std::uint8_t { letter, mark, digit, visible, space, control, invisible };

/// The kind by general category (UAX #44): `visible` is punctuation, symbols and other numbers, `invisible` is
/// format, private use, surrogate and unassigned. Tab and line feed are spaces.
CharacterKind kind_of(char32_t character) noexcept;

/// Removes the first code point from valid, non-empty UTF-8 and returns it.
char32_t take_code_point(std::string_view& text) noexcept;

/// Removes the spaces at both ends. `text` must be valid UTF-8.
std::string_view trim(std::string_view text) noexcept;

}  // namespace clinikk
