#include "service/direct_upload_description.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include "domain/media_format.hpp"

namespace clinikk {
namespace {

namespace json = boost::json;

template <class T>
void read(json::object const& object, std::string_view name, T& out) {
    out = json::value_to<T>(object.at(name));
}

/// A row that an older version of the program wrote lacks the members that came later.
template <class T>
void read(json::object const& object, std::string_view name, std::optional<T>& out) {
    auto const* const value = object.if_contains(name);
    if (value != nullptr && !value->is_null()) out = json::value_to<T>(*value);
}

}  // namespace

std::string serialize(DirectUploadDescription const& description) {
    json::object object;
    for_each_member<DirectUploadDescription>(
        [&](auto member) { object[member.name] = json::value_from(description.*member.pointer); });
    return json::serialize(object);
}

DirectUploadDescription parse_description(std::string_view text) {
    auto const document = json::parse(text);
    auto const& object = document.as_object();
    DirectUploadDescription description;
    for_each_member<DirectUploadDescription>(
        [&](auto member) { read(object, member.name, description.*member.pointer); });
    return description;
}

ObjectLabel guess_label(DirectUploadDescription const& description, Uuid object_id) {
    auto const format = claimed_format(description.file_name);
    return {object_key(description.content_type, object_id, format.extension), std::string(format.media_type),
            description.disposition};
}

}  // namespace clinikk
