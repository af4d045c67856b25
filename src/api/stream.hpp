#pragma once

#include <chrono>
#include <memory>

#include "http/endpoint_table.hpp"
#include "service/content_service.hpp"

namespace clinikk::api {

struct StreamOptions {
    bool redirect = true;  ///< send clients to the store where it can serve them itself (STREAM_MODE)
    std::chrono::seconds redirect_life{3600};  ///< how long such an address is good (PRESIGN_EXPIRES)
};

/// Adds `/content/{content_id}/stream`: playing a content by ranges. The service must outlive the table.
class StreamApi {
public:
    StreamApi(ContentService& contents, StreamOptions options);
    StreamApi(StreamApi const&) = delete;
    StreamApi& operator=(StreamApi const&) = delete;
    ~StreamApi();

    /// Without an `api` the operations are only described.
    static void add_to(http::EndpointTable& table, StreamApi* api);

private:
    class Handlers;
    std::unique_ptr<Handlers> handlers_;
};

}  // namespace clinikk::api
