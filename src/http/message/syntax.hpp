#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The small grammar that HTTP's fields share (RFC 9110 section 5.6).
namespace clinikk::http {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Value of a hexadecimal digit in either case, -1 for any other character.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    char const l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// SP or HTAB.
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

inline constexpr auto token_chars = [] {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<std::uint8_t>(c)] = true;
    return table;
}();

/// `tchar` of RFC 9110 section 5.6.2.
constexpr bool is_token_char(char c) noexcept { return token_chars[static_cast<std::uint8_t>(c)]; }

/// At least one character, all of them `tchar`.
bool is_token(std::string_view text) noexcept;

/// A character that a field value may not hold: a control character other than HTAB (RFC 9110 section 5.5).
constexpr bool is_forbidden_in_value(char c) noexcept {
    auto const byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

/// The first character from `at` that `is_forbidden_in_value`, or `end`. Reads eight bytes at a time.
char const* find_forbidden_in_value(char const* at, char const* end) noexcept;

/// Compares ASCII letters without regard to case.
constexpr bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

/// With ASCII letters in lower case.
std::string to_lower(std::string_view text);

/// Without leading and trailing SP and HTAB (OWS).
std::string_view trim_blanks(std::string_view text) noexcept;

/// Removes the text up to the next comma from `rest`, with the comma, and returns it trimmed. An element may be empty.
/// For lists whose elements hold no quoted strings (RFC 9110 section 5.6.1).
std::string_view take_list_element(std::string_view& rest) noexcept;

/// 1*DIGIT. Empty when there is another character, or none, or the number does not fit.
std::optional<std::uint64_t> parse_digits(std::string_view text) noexcept;

enum class Plus : std::uint8_t { literal, space };

/// Decodes `%XX` (RFC 3986 section 2.1). Empty when an escape is incomplete or the outcome holds NUL or is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

}  // namespace clinikk::http
