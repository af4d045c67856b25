#pragma once

#include <memory>

#include "http/endpoint_table.hpp"
#include "service/content_service.hpp"

namespace clinikk::api {

/// Adds `/content/{content_id}/stream`: playing a content by ranges. The service must outlive the table.
class StreamApi {
public:
    explicit StreamApi(ContentService& contents);
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
