#include "api/upload_address.hpp"

#include "base/encoding.hpp"

namespace clinikk::api {
namespace {

constexpr std::size_t id_length = 36;
constexpr std::size_t right_length = 43;

}  // namespace

Parsed<UploadPathValue> UploadPathValue::parse(std::string_view text) {
    auto const id = Uuid::from_string(text.substr(0, id_length));
    if (!id) return "must be a UUID, with or without a dot and the right to the upload behind it";
    if (text.size() == id_length) return UploadPathValue({*id, {}});
    auto const right = text.substr(id_length + 1);
    bool const is_right = text[id_length] == '.' && right.size() == right_length && from_base64url(right);
    if (!is_right) return "must be a UUID, with or without a dot and the right to the upload behind it";
    return UploadPathValue({*id, std::string(right)});
}

ValueSchema UploadPathValue::schema() {
    return {.pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(\\.[A-Za-z0-9_-]{43})?$",
            .description = "The id of the upload; for a resumable one as it stands in its address"};
}

std::string upload_address(std::string_view base_url, Uuid id, std::string_view right) {
    std::string address(base_url);
    address += "/uploads/";
    address += id.to_string();
    if (!right.empty()) (address += '.') += right;
    return address;
}

UploadReference reference_of(http::Request const& request, UploadPath const& path) {
    return {path.id, path.right, request.caller, http::origin_of(request)};
}

}  // namespace clinikk::api
