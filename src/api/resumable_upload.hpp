#pragma once

#include <boost/describe/class.hpp>

#include <array>
#include <optional>
#include <string_view>

#include "api/file_body.hpp"
#include "api/services.hpp"
#include "api/upload_address.hpp"

/// Uploads that can be resumed as the IETF's HTTP working group describes them (draft-ietf-httpbis-resumable-upload,
/// interop version 8). The section names in comments are those of the draft.
namespace clinikk::api {

/// The version of the draft that this program speaks ("Draft Version Identification").
inline constexpr int upload_interop_version = 8;

inline constexpr std::array<std::string_view, 1> any_media_type{"*/*"};
inline constexpr std::array<std::string_view, 1> partial_upload_type{"application/partial-upload"};

namespace upload_field {
inline constexpr FileFieldDescription complete{"Whether the file ends with the content of this request: `?1` or `?0`",
                                               "?1"};
inline constexpr FileFieldDescription offset{"Where the content of this request begins in the file", "1048576"};
inline constexpr FileFieldDescription length{"Bytes of the whole file", "73400320"};
inline constexpr FileFieldDescription interop{"The version of the draft that the client speaks: 104 is sent for 8",
                                              "8"};
}  // namespace upload_field

struct ResumableContentRequest : FileFields {
    Header<std::optional<FieldText<upload_field::complete>>> upload_complete;
    Header<std::optional<FieldText<upload_field::length>>> upload_length;
    Header<std::optional<FieldText<upload_field::interop>>> upload_draft_interop_version;
    RawBody<any_media_type> body;
};
BOOST_DESCRIBE_STRUCT(ResumableContentRequest, (FileFields),
                      (upload_complete, upload_length, upload_draft_interop_version, body))

struct UploadOffsetRequest {
    Path<UploadPathValue> upload_id;
};
BOOST_DESCRIBE_STRUCT(UploadOffsetRequest, (), (upload_id))

struct AppendRequest {
    Path<UploadPathValue> upload_id;
    Header<std::optional<FieldText<upload_field::offset>>> upload_offset;
    Header<std::optional<FieldText<upload_field::complete>>> upload_complete;
    Header<std::optional<FieldText<upload_field::length>>> upload_length;
    Header<std::optional<FieldText<upload_field::interop>>> upload_draft_interop_version;
    Header<std::optional<FieldText<file_field::content_digest>>> content_digest;
    RawBody<partial_upload_type> body;
};
BOOST_DESCRIBE_STRUCT(AppendRequest, (),
                      (upload_id, upload_offset, upload_complete, upload_length, upload_draft_interop_version,
                       content_digest, body))

/// "Upload Creation", at `/content` and at `/uploads`.
Task<Result<Response>> create_content_resumable(Services& services, Request& request, ResumableContentRequest wanted);
Task<Result<Response>> begin_resumable_upload(Services& services, Request& request, ResumableContentRequest wanted);
/// "Offset Retrieval".
Task<Result<Response>> find_upload_offset(Services& services, Request& request, UploadOffsetRequest wanted);
/// "Upload Append".
Task<Result<Response>> append_to_upload(Services& services, Request& request, AppendRequest wanted);

/// The fields that tell a client of this protocol how an upload stands: Upload-Offset, Upload-Complete, Upload-Length
/// and Upload-Limit.
void add_upload_state(HeaderBlock& headers, ResumableUploadService const& uploads, ResumableUpload const& upload);

}  // namespace clinikk::api
