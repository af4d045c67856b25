#include "http/message/syntax.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/json_text.hpp"

namespace clinikk::http {
namespace {

constexpr std::uint64_t every_byte(std::uint8_t byte) { return 0x0101010101010101ULL * byte; }

/// Bit 7 of each byte of `word` that is below 0x20 or is 0x7F. The lowest such bit is exact, those above it may be
/// the work of a borrow.
std::uint64_t control_bytes(std::uint64_t word) noexcept {
    auto const below_space = (word - every_byte(0x20)) & ~word;
    auto const from_delete = word ^ every_byte(0x7F);
    auto const is_delete = (from_delete - every_byte(0x01)) & ~from_delete;
    return (below_space | is_delete) & every_byte(0x80);
}

}  // namespace

bool is_token(std::string_view text) noexcept { return !text.empty() && std::ranges::all_of(text, is_token_char); }

char const* find_forbidden_in_value(char const* at, char const* end) noexcept {
    while (end - at >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        auto const hits = control_bytes(word);
        if (hits == 0) {
            at += 8;
            continue;
        }
        if constexpr (std::endian::native == std::endian::little) at += std::countr_zero(hits) / 8;
        // On the way to the hit, at a HTAB or (in the other byte order) at anything: one byte by hand.
        if (is_forbidden_in_value(*at)) return at;
        ++at;
    }
    while (at != end && !is_forbidden_in_value(*at)) ++at;
    return at;
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view take_list_element(std::string_view& rest) noexcept {
    auto const comma = rest.find(',');
    auto const element = trim_blanks(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    return element;
}

std::optional<std::uint64_t> parse_digits(std::string_view text) noexcept {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (char const c : text) {
        if (!is_digit(c)) return std::nullopt;
        auto const digit = static_cast<std::uint64_t>(c - '0');
        if (value > (most - digit) / 10) return std::nullopt;
        value = value * 10 + digit;
    }
    return value;
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (text.size() - i < 3) return std::nullopt;
            int const high = hex_value(text[i + 1]);
            int const low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus == Plus::space) {
            c = ' ';
        }
        if (c == '\0') return std::nullopt;
        out += c;
    }
    if (!is_utf8(out)) return std::nullopt;
    return out;
}

}  // namespace clinikk::http
