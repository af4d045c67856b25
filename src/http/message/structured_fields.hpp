#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Structured field values (RFC 9651 section 4.2), for the types that fields of ours have. A value that is not of the
/// wanted type, or is malformed anywhere, counts as absent: the outcome is empty. Parameters are checked and ignored.
namespace clinikk::http {

/// An Item that is a Boolean: `?1` (section 3.3.6).
std::optional<bool> parse_boolean_item(std::string_view field);

/// An Item that is an Integer of at most 15 digits: `42` (section 3.3.1).
std::optional<std::int64_t> parse_integer_item(std::string_view field);

/// The value of a member of a Dictionary.
struct StructuredValue {
    enum class Kind : std::uint8_t { integer, boolean, bytes, other };

    Kind kind = Kind::other;  ///< `other`: well-formed, and not kept
    std::int64_t integer = 0;
    bool boolean = false;
    std::string bytes{};  ///< of a Byte Sequence, decoded
};

/// A Dictionary (section 3.2). Each key is there once, with the value that came last.
using Dictionary = std::vector<std::pair<std::string, StructuredValue>>;

std::optional<Dictionary> parse_dictionary(std::string_view field);

/// The value of that key; null when there is none.
StructuredValue const* find_member(Dictionary const& dictionary, std::string_view key) noexcept;

}  // namespace clinikk::http
