// JSON bodies: what is taken is what Boost.JSON's own parser reads, member by member.
#include <boost/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/json_object.hpp"

namespace json = boost::json;
using clinikk::JsonMember;
using Kind = JsonMember::Kind;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

/// A list has nothing but objects, with their members, of which the tree keeps one of each name.
bool same_items(JsonMember const& field, json::array const& values) {
    if (field.items.size() != values.size()) return false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!values[i].is_object() || field.items[i].size() < values[i].get_object().size()) return false;
    }
    return true;
}

bool same(JsonMember const& field, json::value const& value) {
    switch (field.kind) {
        case Kind::text: return value.is_string() && field.text == std::string_view(value.get_string());
        case Kind::boolean: return value.is_bool() && field.text == (value.get_bool() ? "true" : "false");
        case Kind::null: return value.is_null();
        case Kind::structure: return value.is_structured();
        case Kind::list: return value.is_array() && same_items(field, value.get_array());
        case Kind::number: return value.is_double();
        case Kind::integer:
            if (value.is_int64()) return field.text == std::to_string(value.get_int64());
            if (value.is_uint64()) return field.text == std::to_string(value.get_uint64());
            return value.is_double() && std::stod(field.text) == value.get_double();
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const input(reinterpret_cast<char const*>(data), size);
    auto const members = clinikk::read_json_object(input);
    json::error_code failure;
    auto const tree = json::parse(json::string_view(input.data(), input.size()), failure);
    bool const is_object = !failure && tree.is_object();
    // Names over 1024 bytes and more than 1000 members are refused, though they are JSON.
    bool const may_exceed_limits = size > 1000;
    require(members ? is_object : !is_object || may_exceed_limits);
    if (!members) return 0;
    // The tree has the last of several members of one name.
    for (auto const& [key, value] : tree.get_object()) {
        JsonMember const* last = nullptr;
        for (auto const& field : *members) {
            if (std::string_view(field.name) == std::string_view(key)) last = &field;
        }
        require(last != nullptr && same(*last, value));
    }
    require(members->size() >= tree.get_object().size());
    return 0;
}
