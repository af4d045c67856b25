#include "service/upload_description.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <charconv>
#include <optional>
#include <stdexcept>

#include "base/json.hpp"

namespace clinikk {
namespace {

namespace json = boost::json;

using Kind = JsonValue::Kind;

void require(bool holds) {
    if (!holds) throw std::runtime_error("the description of an upload cannot be read");
}

void read(JsonValue const* value, std::string& out) {
    require(value != nullptr && value->kind == Kind::text);
    out = value->text;
}

void read(JsonValue const* value, std::int64_t& out) {
    require(value != nullptr && value->kind == Kind::integer);
    auto const& text = value->text;
    require(std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc());
}

template <DescribedEnum Enum>
void read(JsonValue const* value, Enum& out) {
    require(value != nullptr && value->kind == Kind::text);
    auto const found = find_enumerator<Enum>(value->text);
    require(found.has_value());
    out = *found;
}

/// A row from an older version of the program lacks the members that were added later.
template <class T>
void read(JsonValue const* value, std::optional<T>& out) {
    if (value != nullptr && value->kind != Kind::null) read(value, out.emplace());
}

template <class T>
json::value to_json(T const& value) {
    if constexpr (DescribedEnum<T>)
        return json::string(enumerator_name(value));
    else
        return json::value_from(value);
}
template <class T>
json::value to_json(std::optional<T> const& value) {
    return value ? to_json(*value) : json::value();
}

}  // namespace

std::string serialize(UploadDescription const& description) {
    json::object object;
    for_each_member<UploadDescription>(
        [&](auto member) { object[member.name] = to_json(description.*member.pointer); });
    return json::serialize(object);
}

UploadDescription parse_description(std::string_view text) {
    auto const object = read_json(text);
    require(object && object->kind == Kind::object);
    UploadDescription description;
    for_each_member<UploadDescription>(
        [&](auto member) { read(object->find(member.name), description.*member.pointer); });
    return description;
}

}  // namespace clinikk
