#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The one reader of JSON that others send: request bodies, and the headers and claims of tokens.
namespace clinikk {

/// A member of a JSON object.
struct JsonMember {
    enum class Kind : std::uint8_t { text, integer, number, boolean, null, list, structure };

    std::string name;
    Kind kind = Kind::text;
    std::string text;                              ///< of a scalar; of a `number` it is empty
    std::vector<std::vector<JsonMember>> items{};  ///< of a list of objects: the members of each
};

/// The members of the one JSON object (RFC 8259) that `text` is, in order. Duplicates are kept, so that the caller can
/// refuse them and say where: a tree as Boost.JSON makes it keeps the last one only. A member that is an array of
/// nothing but objects, none with more than 16 members, is a list; other arrays and objects are only marked as
/// structures, in lists too. A number without a fraction counts as an integer, `1.0` too, as JSON Schema has it.
///
/// Fails with a sentence about the first thing that is wrong; also past `max_depth` levels, 1000 members of an object,
/// 100 000 items of an array, and 1024 bytes of a name.
boost::system::result<std::vector<JsonMember>, std::string> read_json_object(std::string_view text,
                                                                             std::size_t max_depth = 32);

/// The name of the first member that occurs twice.
std::optional<std::string_view> find_duplicate(std::vector<JsonMember> const& members) noexcept;

}  // namespace clinikk
