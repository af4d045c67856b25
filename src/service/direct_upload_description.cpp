#include "service/direct_upload_description.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

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

std::string text_of(json::object const& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}

}  // namespace

std::string serialize(DirectUploadDescription const& description) {
    auto const& content = description.content;
    json::object object{{"title", content.title},
                        {"description", content.description},
                        {"content_type", content.kind == ContentKind::video ? "video" : "audio"},
                        {"file_name", description.file_name},
                        {"disposition", description.disposition}};
    if (content.duration) object["duration"] = *content.duration;
    if (content.thumbnail_url) object["thumbnail_url"] = *content.thumbnail_url;
    return json::serialize(object);
}

DirectUploadDescription parse_description(std::string_view text) {
    auto const document = json::parse(text);
    auto const& object = document.as_object();
    DirectUploadDescription description;
    auto& content = description.content;
    content.title = text_of(object, "title");
    content.description = text_of(object, "description");
    content.kind = text_of(object, "content_type") == "video" ? ContentKind::video : ContentKind::audio;
    if (auto const* const duration = object.if_contains("duration")) content.duration = duration->as_int64();
    if (object.contains("thumbnail_url")) content.thumbnail_url = text_of(object, "thumbnail_url");
    description.file_name = text_of(object, "file_name");
    description.disposition = text_of(object, "disposition");
    return description;
}

ObjectLabel guess_label(DirectUploadDescription const& description, Uuid object_id) {
    auto const& name = description.file_name;
    auto extension = name.substr(std::min(name.rfind('.'), name.size() - 1) + 1);
    std::ranges::transform(extension, extension.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    auto const* found = std::ranges::find(media_types, extension, [](auto const& entry) { return entry.first; });
    if (found == media_types.end()) --found;
    return {object_key(description.content.kind, object_id, found->first), std::string(found->second),
            description.disposition};
}

}  // namespace clinikk
