#pragma once

#include <boost/describe.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/content.hpp"
#include "http/endpoint/endpoint_table.hpp"

namespace clinikk::api {

/// A content as clients see it.
struct ContentView {
    static constexpr std::string_view schema_name = "Content";
    Uuid id;
    std::string title;
    std::string description;
    ContentKind content_type;
    std::optional<std::int64_t> duration;
    std::optional<std::int64_t> duration_ms;
    std::optional<std::string> thumbnail_url;
    std::optional<std::string> language;
    std::string storage_url;
    std::optional<std::string> media_type;
    std::optional<std::int64_t> size;
    std::optional<Sha256Digest> sha256;
    std::optional<std::int64_t> width;
    std::optional<std::int64_t> height;
    std::optional<std::string> video_codec;
    std::optional<std::string> audio_codec;
    std::optional<std::int64_t> bit_rate;
    bool truncated;
    std::optional<Packaging> packaging;
    std::optional<std::string> packaging_reason;
    std::optional<Uuid> owner_id;
    std::optional<Visibility> visibility;
    ContentStatus status;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(ContentView, (),
                      (id, title, description, content_type, duration, duration_ms, thumbnail_url, language,
                       storage_url, media_type, size, sha256, width, height, video_codec, audio_codec, bit_rate,
                       truncated, packaging, packaging_reason, owner_id, visibility, status, created_at, updated_at))

/// `base_url` is the address of this service, from which the bytes on the local disk are streamed.
ContentView view_content(Content content, std::string_view base_url);

/// The answer for a new content, with its `Location`.
http::Reply<ContentView> created_content(Content content, std::string_view base_url);

}  // namespace clinikk::api
