#include "service/direct_upload_description.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace clinikk {
namespace {

namespace json = boost::json;

/// As the inspector names what it finds.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> media_types{{
    {"mp4", "video/mp4"},
    {"m4a", "audio/mp4"},
    {"mov", "video/quicktime"},
    {"webm", "video/webm"},
    {"mkv", "video/x-matroska"},
    {"mka", "audio/x-matroska"},
    {"ts", "video/mp2t"},
    {"mpg", "video/mpeg"},
    {"avi", "video/x-msvideo"},
    {"aac", "audio/aac"},
    {"wav", "audio/wav"},
    {"flac", "audio/flac"},
    {"ogv", "video/ogg"},
    {"ogg", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"mp3", "audio/mpeg"},
    {"bin", "application/octet-stream"},
}};

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
    auto const& name = description.file_name;
    auto extension = name.substr(std::min(name.rfind('.'), name.size() - 1) + 1);
    std::ranges::transform(extension, extension.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    auto const* found = std::ranges::find(media_types, extension, [](auto const& entry) { return entry.first; });
    if (found == media_types.end()) --found;
    return {object_key(description.content_type, object_id, found->first), std::string(found->second),
            description.disposition};
}

}  // namespace clinikk
