#pragma once

#include <boost/describe/class.hpp>

#include <array>
#include <optional>
#include <string_view>

#include "api/content_fields.hpp"
#include "api/content_view.hpp"
#include "api/services.hpp"

/// A file as the body of a request, with the fields of its content in the query.
namespace clinikk::api {

inline constexpr std::array<std::string_view, 3> raw_media_types{"video/*", "audio/*", "application/octet-stream"};

/// The description of a header field in the document.
struct FileFieldDescription {
    std::string_view description;
    std::string_view example;
};

namespace file_field {
inline constexpr FileFieldDescription disposition{"The name of the file (RFC 6266)",
                                                  "inline; filename*=UTF-8''a%20clip.mp4"};
inline constexpr FileFieldDescription repr_digest{"The SHA-256 of the whole file (RFC 9530), to be compared",
                                                  "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"};
inline constexpr FileFieldDescription content_digest{
    "The SHA-256 of the content of this request (RFC 9530), to be compared",
    "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"};
}  // namespace file_field

/// Where the query does not state them, the title is the name of the file, and the kind follows from Content-Type.
struct ContentQueryFields : QueryFields<ContentFields> {
    static constexpr std::array<std::string_view, 3> derived{"title", "description", "content_type"};
};

/// What a request says of the file in its body. `stated_sha256` reads the digests, because several lines of one of
/// these fields belong together.
struct FileFields {
    ContentQueryFields content;
    Header<std::optional<FieldText<file_field::disposition>>> content_disposition;
    Header<std::optional<FieldText<file_field::repr_digest>>> repr_digest;
    Header<std::optional<FieldText<file_field::content_digest>>> content_digest;
};
BOOST_DESCRIBE_STRUCT(FileFields, (), (content, content_disposition, repr_digest, content_digest))

struct RawContentRequest : FileFields {
    RawBody<raw_media_types> body;
};
BOOST_DESCRIBE_STRUCT(RawContentRequest, (FileFields), (body))

/// The description of the content that the file becomes. Fails with `validation_failed`.
Result<UploadDescription> describe_file(Request const& request, FileFields const& fields);

/// Takes the file in one request, as a form does. Fails as `UploadService::receive`, with `upload_checksum_mismatch`
/// for another Content-Digest, with `digest_mismatch` for another Repr-Digest, and with `upload_length_mismatch` when
/// the file has not the `length` that its client stated.
Task<Result<Content>> receive_file(Services& services, Request& request, UploadDescription const& description,
                                   std::optional<std::uint64_t> length = std::nullopt);

Task<Result<Reply<ContentView>>> create_content_raw(Services& services, Request& request, RawContentRequest wanted);

}  // namespace clinikk::api
