#include "base/json_text.hpp"

#include <array>
#include <cstdint>

namespace clinikk {
namespace {

/// The length of the UTF-8 sequence at the start of `text`; 0 when it is not valid.
std::size_t sequence_length(std::string_view text) noexcept {
    auto const byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    auto const continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
    auto const lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!continues(1) || !continues(2)) return 0;
        bool const overlong = lead == 0xE0 && byte(1) < 0xA0;
        bool const surrogate = lead == 0xED && byte(1) > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!continues(1) || !continues(2) || !continues(3)) return 0;
        bool const overlong = lead == 0xF0 && byte(1) < 0x90;
        bool const too_large = lead == 0xF4 && byte(1) > 0x8F;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

void append_escape(std::string& out, char c) {
    constexpr char digits[] = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    auto const value = static_cast<std::uint8_t>(c);
    out += "\\u00";
    out += digits[value >> 4];
    out += digits[value & 15];
}

constexpr auto plain_bytes = [] {
    std::array<bool, 256> plain{};
    for (std::size_t i = 0x20; i < 0x7F; ++i) plain[i] = i != '"' && i != '\\';
    return plain;
}();

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        auto const length = sequence_length(text.substr(at));
        if (length == 0) break;
        at += length;
    }
    return at;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t run = at;
        while (run < text.size() && plain_bytes[static_cast<std::uint8_t>(text[run])]) ++run;
        out.append(text, at, run - at);
        at = run;
        if (at == text.size()) break;
        auto const c = static_cast<std::uint8_t>(text[at]);
        if (c < 0x80) {
            append_escape(out, text[at++]);
            continue;
        }
        auto const length = sequence_length(text.substr(at));
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            ++at;
        } else {
            out.append(text, at, length);
            at += length;
        }
    }
    out += '"';
}

std::string with_valid_utf8(std::string_view text) {
    std::string out;
    while (true) {
        auto const valid = valid_utf8_prefix(text);
        out += text.substr(0, valid);
        if (valid == text.size()) return out;
        out += "\xEF\xBF\xBD";
        text.remove_prefix(valid + 1);
    }
}

}  // namespace clinikk
