// JSON: what is taken is what Boost.JSON's own parser reads, value by value.
#include <boost/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/json.hpp"

namespace json = boost::json;
using clinikk::JsonValue;
using Kind = JsonValue::Kind;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void require_same(JsonValue const& read, json::value const& value);

/// Boost.JSON's tree has the last of several members of one name.
void require_same_members(JsonValue const& read, json::object const& object) {
    require(read.members.size() >= object.size());
    for (auto const& [key, value] : object) {
        JsonValue const* last = nullptr;
        for (auto const& member : read.members) {
            if (std::string_view(member.name) == std::string_view(key)) last = &member.value;
        }
        require(last != nullptr);
        require_same(*last, value);
    }
}

void require_same_items(JsonValue const& read, json::array const& array) {
    require(read.items.size() == array.size());
    for (std::size_t i = 0; i < array.size(); ++i) require_same(read.items[i], array[i]);
}

void require_same_integer(std::string const& text, json::value const& value) {
    if (value.is_int64()) return require(text == std::to_string(value.get_int64()));
    if (value.is_uint64()) return require(text == std::to_string(value.get_uint64()));
    require(value.is_double() && std::stod(text) == value.get_double());
}

void require_same(JsonValue const& read, json::value const& value) {
    switch (read.kind) {
        case Kind::text: return require(value.is_string() && read.text == std::string_view(value.get_string()));
        case Kind::boolean: return require(value.is_bool() && read.text == (value.get_bool() ? "true" : "false"));
        case Kind::null: return require(value.is_null());
        case Kind::integer: return require_same_integer(read.text, value);
        case Kind::number: return require(value.is_double());
        case Kind::array: return require_same_items(read, value.as_array());
        case Kind::object: return require_same_members(read, value.as_object());
    }
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const input(reinterpret_cast<char const*>(data), size);
    auto const read = clinikk::read_json(input);
    json::error_code failure;
    auto const tree = json::parse(json::string_view(input.data(), input.size()), failure);
    // Names over 1024 bytes and objects of more than 1000 members are refused, though they are JSON.
    bool const may_exceed_limits = size > 1000;
    require(read ? !failure : failure || may_exceed_limits);
    if (read) require_same(*read, tree);
    return 0;
}
