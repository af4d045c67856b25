#pragma once

#include <memory>

#include "http/endpoint_table.hpp"
#include "service/direct_upload_service.hpp"

namespace clinikk::api {

/// Adds `/uploads…`: uploads whose bytes go to the bucket past this service. The service must outlive the table.
class UploadApi {
public:
    explicit UploadApi(DirectUploadService& uploads);
    UploadApi(UploadApi const&) = delete;
    UploadApi& operator=(UploadApi const&) = delete;
    ~UploadApi();

    /// Without an `api` the operations are only described.
    static void add_to(http::EndpointTable& table, UploadApi* api);

private:
    class Handlers;
    std::unique_ptr<Handlers> handlers_;
};

}  // namespace clinikk::api
