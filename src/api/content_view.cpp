#include "api/content_view.hpp"

namespace clinikk::api {

ContentView view_content(Content content, std::string_view base_url) {
    std::string storage_url;
    if (content.storage_url) {
        storage_url = std::move(*content.storage_url);
    } else {
        storage_url.reserve(base_url.size() + 52);
        storage_url += base_url;
        storage_url += "/content/";
        storage_url += content.id.to_string();
        storage_url += "/stream";
    }
    return {content.id,
            std::move(content.title),
            std::move(content.description),
            content.kind,
            content.duration,
            content.duration_ms,
            std::move(content.thumbnail_url),
            std::move(storage_url),
            std::move(content.media_type),
            content.size,
            content.sha256,
            content.width,
            content.height,
            std::move(content.video_codec),
            std::move(content.audio_codec),
            content.bit_rate,
            content.owner_id,
            "public",
            content.status,
            content.created_at,
            content.updated_at};
}

}  // namespace clinikk::api
