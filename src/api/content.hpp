#pragma once

#include <memory>

#include "http/endpoint_table.hpp"
#include "service/content_service.hpp"
#include "service/upload_service.hpp"

namespace clinikk::api {

/// Adds `/content…`: uploading, browsing, changing, removing. The services must outlive the table.
class ContentApi {
public:
    /// `max_upload_size` in bytes.
    ContentApi(ContentService& contents, UploadService& uploads, std::uint64_t max_upload_size);
    ContentApi(ContentApi const&) = delete;
    ContentApi& operator=(ContentApi const&) = delete;
    ~ContentApi();

    /// Without an `api` the operations are only described.
    static void add_to(http::EndpointTable& table, ContentApi* api);

private:
    class Handlers;
    std::unique_ptr<Handlers> handlers_;
    std::uint64_t max_upload_size_;
};

}  // namespace clinikk::api
