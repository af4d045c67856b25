#pragma once

#include <string>
#include <string_view>

#include "domain/values.hpp"
#include "http/endpoint/request.hpp"
#include "service/resumable_upload_service.hpp"

/// The addresses of uploads: `/uploads/<id>`, and for resumable ones `/uploads/<id>.<right>`. The right in the address
/// lets its bearer go on with the upload without another credential.
namespace clinikk::api {

/// The id in the address of an upload, and the right behind it if there is one.
struct UploadPath {
    Uuid id{};
    std::string right{};  ///< 43 characters of base64url; empty without one
};

class UploadPathValue : public ValueOf<UploadPath> {
public:
    static Parsed<UploadPathValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit UploadPathValue(UploadPath value) : ValueOf(std::move(value)) {}
};

/// The address to give to the client that began the upload.
std::string upload_address(std::string_view base_url, Uuid id, std::string_view right);

/// The upload that a request names, and who asks.
UploadReference reference_of(http::Request const& request, UploadPath const& path);

}  // namespace clinikk::api
