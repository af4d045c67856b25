#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The one reader of JSON: request bodies, tokens, reports of `ffprobe`, and answers of other services.
namespace clinikk {

struct JsonMember;

/// A JSON value (RFC 8259). Unlike the tree of Boost.JSON, it keeps every member of an object, so that a reader can
/// refuse duplicates and state where they are.
struct JsonValue {
    enum class Kind : std::uint8_t { null, boolean, integer, number, text, array, object };

    Kind kind = Kind::null;
    std::string text{};               ///< of a scalar: the text, the number, `true` or `false`
    std::vector<JsonValue> items{};   ///< of an array
    std::vector<JsonMember> members;  ///< of an object, in order

    /// The first member of that name, or null.
    JsonValue const* find(std::string_view name) const noexcept;
    /// The text of the first member of that name; null when it is absent or not a text.
    std::string const* find_text(std::string_view name) const noexcept;
};

struct JsonMember {
    std::string name;
    JsonValue value;
};

/// Reads one JSON value. A number without a fraction is an integer, even if it is written `1.0` (JSON Schema 2020-12
/// section 6.1.1). An integer is written out in digits; any other number keeps its spelling.
///
/// Fails with a sentence about the first fault; also beyond `max_depth` levels, 1000 members of an object, 100 000
/// values, and 1024 bytes of a name.
boost::system::result<JsonValue, std::string> read_json(std::string_view text, std::size_t max_depth = 32);

/// The name of the first member that occurs twice.
std::optional<std::string_view> find_duplicate(std::vector<JsonMember> const& members) noexcept;

}  // namespace clinikk
