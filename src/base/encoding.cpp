#include "base/encoding.hpp"

#include <array>

namespace clinikk {
namespace {

constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value of each character in an alphabet, or 64.
using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
    Values values{};
    values.fill(64);
    for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<std::uint8_t>(alphabet[i])] = i;
    return values;
}

constexpr auto standard_values = values_of(standard);
constexpr auto url_safe_values = values_of(url_safe);

template <class Byte>
std::string encode64(std::span<Byte const> bytes, std::string_view alphabet) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (auto const byte : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(byte);
        for (count += 8; count >= 6;) {
            count -= 6;
            out += alphabet[bits >> count & 63];
        }
    }
    if (count > 0) out += alphabet[bits << (6 - count) & 63];
    return out;
}

/// Decodes text without padding.
std::optional<std::string> decode64(std::string_view text, Values const& alphabet) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (char const c : text) {
        auto const value = alphabet[static_cast<std::uint8_t>(c)];
        if (value == 64) return std::nullopt;
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 255);
        }
    }
    // Unused bits must be zero, so that each value has one spelling.
    if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return out;
}

}  // namespace

std::string to_hex(std::span<std::uint8_t const> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (auto const byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string to_base64(std::span<std::uint8_t const> bytes) {
    auto out = encode64(bytes, standard);
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

std::string to_base32(std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (char const byte : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(byte);
        for (count += 8; count >= 5;) {
            count -= 5;
            out += alphabet[bits >> count & 31];
        }
    }
    if (count > 0) out += alphabet[bits << (5 - count) & 31];
    return out;
}

std::string to_base64url(std::string_view bytes) {
    return encode64(std::span<char const>(bytes.data(), bytes.size()), url_safe);
}

std::string percent_encode(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (char const c : text) {
        bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool const is_other = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_letter || is_other) {
            out += c;
        } else {
            auto const byte = static_cast<std::uint8_t>(c);
            (out += '%') += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    return decode64(text, standard_values);
}

std::optional<std::string> from_base64url(std::string_view text) { return decode64(text, url_safe_values); }

}  // namespace clinikk
