#include "security/compact_jws.hpp"

#include <charconv>

namespace clinikk {

std::optional<JwsSegments> split_jws(std::string_view token) noexcept {
    auto const first = token.find('.');
    if (first == token.npos) return std::nullopt;
    auto const second = token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
    return JwsSegments{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

std::optional<JsonValue> read_jws_object(std::string_view text) {
    constexpr std::size_t max_depth = 8;
    auto object = read_json(text, max_depth);
    bool const is_usable = object && object->kind == JsonValue::Kind::object && !find_duplicate(object->members);
    return is_usable ? std::optional(std::move(*object)) : std::nullopt;
}

std::optional<std::int64_t> find_integer_claim(JsonValue const& claims, std::string_view name) noexcept {
    auto const* const claim = claims.find(name);
    if (claim == nullptr || claim->kind != JsonValue::Kind::integer) return std::nullopt;
    auto const& text = claim->text;
    std::int64_t value = 0;
    auto const failure = std::from_chars(text.data(), text.data() + text.size(), value).ec;
    return failure == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace clinikk
