#include "api/content_fields.hpp"

#include "http/message/media_type.hpp"

namespace clinikk::api {

std::string_view kind_of_media_type(std::string_view media_type) {
    auto const type = http::parse_media_type(media_type);
    if (type && type->essence.starts_with("video/")) return "video";
    if (type && type->essence.starts_with("audio/")) return "audio";
    return {};
}

}  // namespace clinikk::api
