#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/json.hpp"

/// The parts of a signed token that are read the same way whoever has signed it.
namespace clinikk {

/// The three segments of a token in compact form (RFC 7515 section 7.1).
struct JwsSegments {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
};

std::optional<JwsSegments> split_jws(std::string_view token) noexcept;

/// The header or the claims of a token; empty unless `text` is one JSON object without duplicates and with little
/// depth.
std::optional<JsonValue> read_jws_object(std::string_view text);

/// Empty when the claim is absent or is not a whole number that fits 64 bits.
std::optional<std::int64_t> find_integer_claim(JsonValue const& claims, std::string_view name) noexcept;

}  // namespace clinikk
