#include "http/message/content_disposition.hpp"

#include <algorithm>
#include <cstdint>

#include "base/json_text.hpp"
#include "http/message/parameters.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr std::size_t max_code_points = 120;
constexpr std::size_t max_ending = 10;

/// Removes the first code point from `text`, which begins with valid UTF-8.
char32_t take_code_point(std::string_view& text) noexcept {
    auto const lead = static_cast<std::uint8_t>(text[0]);
    std::size_t const length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t value = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<std::uint8_t>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return value;
}

void append_utf8(std::string& out, char32_t c) {
    auto const continuation = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        continuation(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        continuation(6);
        continuation(0);
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        continuation(12);
        continuation(6);
        continuation(0);
    }
}

/// Characters that are invisible, or that make a name look like another one.
bool is_invisible(char32_t c) noexcept {
    bool const control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    bool const bidirectional =
        c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    // Not U+200C and U+200D: Persian, several Indian scripts and emoji are written with them.
    bool const zero_width = c == 0x00AD || c == 0x200B || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
    bool const separator = c == 0x2028 || c == 0x2029;
    bool const no_character = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
    return control || bidirectional || zero_width || separator || no_character;
}

std::u32string visible_code_points(std::string_view text) {
    std::u32string out;
    while (!text.empty()) {
        auto valid = text.substr(0, valid_utf8_prefix(text));
        text.remove_prefix(std::min(text.size(), valid.size() + 1));
        while (!valid.empty()) {
            auto const c = take_code_point(valid);
            bool const reserved =
                c < 0x80 && std::string_view("/\\<>:\"|?*").find(static_cast<char>(c)) != std::string_view::npos;
            if (!is_invisible(c)) out += reserved ? U'_' : c;
        }
    }
    return out;
}

void trim_dots_and_spaces(std::u32string& name) {
    constexpr std::u32string_view trimmed = U". ";
    auto const first = name.find_first_not_of(trimmed);
    if (first == std::u32string::npos) {
        name.clear();
        return;
    }
    name.erase(name.find_last_not_of(trimmed) + 1);
    name.erase(0, first);
}

void shorten(std::u32string& name) {
    if (name.size() <= max_code_points) return;
    auto const dot = name.rfind(U'.');
    std::u32string ending;
    if (dot != std::u32string::npos && name.size() - dot <= max_ending) ending = name.substr(dot);
    name.resize(max_code_points - ending.size());
    name += ending;
}

std::string ascii_approximation(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        auto const c = take_code_point(name);
        // Browsers decode %XX in a plain filename, against the rules (RFC 6266 appendix D).
        bool const plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '%';
        out += plain ? static_cast<char>(c) : '_';
    }
    return out;
}

/// RFC 8187 section 3.2.1: all but attr-char is encoded.
std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (char const c : text) {
        auto const byte = static_cast<std::uint8_t>(c);
        if (is_token_char(c) && c != '*' && c != '\'' && c != '%') {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

std::string header(std::string_view type, std::string_view utf8_name) {
    auto const name = safe_file_name(utf8_name);
    auto const ascii = ascii_approximation(name);
    auto value = std::string(type) + "; filename=\"" + ascii + '"';
    if (ascii != name) value += "; filename*=UTF-8''" + percent_encoded(name);
    return value;
}

}  // namespace

std::string safe_file_name(std::string_view text) {
    auto code_points = visible_code_points(text);
    trim_dots_and_spaces(code_points);
    shorten(code_points);
    trim_dots_and_spaces(code_points);
    if (code_points.empty()) return "download";
    std::string out;
    for (auto const c : code_points) append_utf8(out, c);
    return out;
}

std::string attachment_header(std::string_view utf8_name) { return header("attachment", utf8_name); }

std::string inline_header(std::string_view utf8_name) {
    return utf8_name.empty() ? "inline" : header("inline", utf8_name);
}

std::string stated_file_name(std::string_view field) {
    auto const type = trim_blanks(field.substr(0, field.find(';')));
    if (!is_token(type)) return {};
    std::string name;
    std::optional<std::string> extended;
    ParameterReader parameter(field.substr(field.find(type) + type.size()));
    while (true) {
        auto const outcome = parameter.next();
        if (outcome == ParameterReader::Outcome::end) return extended.value_or(with_valid_utf8(name));
        if (outcome == ParameterReader::Outcome::malformed) return {};
        if (same_ignoring_case(parameter.name(), "filename")) name = std::move(parameter.value());
        if (same_ignoring_case(parameter.name(), "filename*")) extended = decode_extended_value(parameter.value());
    }
}

std::optional<std::string> decode_extended_value(std::string_view value) {
    auto const charset_end = value.find('\'');
    if (charset_end == std::string_view::npos) return std::nullopt;
    auto const language_end = value.find('\'', charset_end + 1);
    if (language_end == std::string_view::npos) return std::nullopt;
    if (!same_ignoring_case(value.substr(0, charset_end), "utf-8")) return std::nullopt;
    auto const text = value.substr(language_end + 1);
    for (char const c : text) {
        bool const attribute_char = is_token_char(c) && c != '*' && c != '\'';
        if (!attribute_char) return std::nullopt;
    }
    return percent_decode(text, Plus::literal);
}

}  // namespace clinikk::http
