#include "domain/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "base/json_text.hpp"

namespace clinikk {
namespace {

bool is_ascii(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

utf8proc_uint8_t const* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<utf8proc_uint8_t const*>(text.data());
}

std::optional<std::string> map(std::string_view text, int options) {
    utf8proc_uint8_t* mapped = nullptr;
    auto const length = utf8proc_map(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                     static_cast<utf8proc_option_t>(options));
    std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> const owner(mapped, &std::free);
    if (length == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
    if (length < 0) return std::nullopt;
    return std::string(reinterpret_cast<char const*>(mapped), static_cast<std::size_t>(length));
}

char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string ascii_lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return ascii_lower(c); });
    return out;
}

bool is_space(char32_t character) noexcept { return kind_of(character) == CharacterKind::space; }

}  // namespace

std::optional<std::string> to_nfc(std::string_view text) {
    if (is_ascii(text)) return std::string(text);
    return map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

std::optional<std::string> to_nfkc(std::string_view text) {
    if (is_ascii(text)) return std::string(text);
    return map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

std::optional<std::string> to_nfkc_casefold(std::string_view text) {
    if (is_ascii(text)) return ascii_lower(text);
    return map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

std::optional<std::string> to_lower(std::string_view text) {
    if (is_ascii(text)) return ascii_lower(text);
    if (!is_utf8(text)) return std::nullopt;
    std::string lower;
    while (!text.empty()) {
        auto const character = utf8proc_tolower(static_cast<utf8proc_int32_t>(take_code_point(text)));
        utf8proc_uint8_t encoded[4];
        auto const length = utf8proc_encode_char(character, encoded);
        lower.append(reinterpret_cast<char const*>(encoded), static_cast<std::size_t>(length));
    }
    return to_nfc(lower);
}

std::size_t count_code_points(std::string_view text) noexcept {
    auto const starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return static_cast<std::size_t>(std::ranges::count_if(text, starts));
}

CharacterKind kind_of(char32_t character) noexcept {
    if (character == '\t' || character == '\n') return CharacterKind::space;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(character))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO: return CharacterKind::letter;
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME: return CharacterKind::mark;
        case UTF8PROC_CATEGORY_ND: return CharacterKind::digit;
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP: return CharacterKind::space;
        case UTF8PROC_CATEGORY_CC: return CharacterKind::control;
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CN: return CharacterKind::invisible;
        default: return CharacterKind::visible;
    }
}

char32_t take_code_point(std::string_view& text) noexcept {
    utf8proc_int32_t character = 0;
    auto const length = utf8proc_iterate(bytes_of(text), static_cast<utf8proc_ssize_t>(text.size()), &character);
    text.remove_prefix(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(length, 1)));
    return static_cast<char32_t>(character);
}

std::string_view trim(std::string_view text) noexcept {
    for (auto rest = text; !text.empty() && is_space(take_code_point(rest));) text = rest;
    while (!text.empty()) {
        auto start = text.size() - 1;
        while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
        auto last = text.substr(start);
        if (!is_space(take_code_point(last))) break;
        text.remove_suffix(text.size() - start);
    }
    return text;
}

}  // namespace clinikk
