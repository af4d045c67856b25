#pragma once

#include <boost/describe/class.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/playback.hpp"
#include "api/services.hpp"
#include "api/upload_address.hpp"

/// `/uploads` by tus 1.0.0 (https://tus.io/protocols/resumable-upload): the requests and handlers. Rules in the header
/// fields of tus are checked by the handlers, since tus wants 400 where other operations answer 422.
namespace clinikk::api {

/// What OPTIONS tells as Tus-Extension.
inline constexpr std::string_view tus_extensions =
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination,"
    "concatenation,concatenation-unfinished";

inline constexpr std::array<std::string_view, 1> tus_body_types{"application/offset+octet-stream"};

namespace field_description {
inline constexpr FieldDescription tus_resumable{"The version of tus", "1.0.0"};
inline constexpr FieldDescription upload_length{"Bytes of the whole file", "1048576"};
inline constexpr FieldDescription upload_defer_length{"`1`: the length comes later", "1"};
inline constexpr FieldDescription upload_metadata{"Keys, and values in base64",
                                                  "title QSB0aXRsZQ==,content_type dmlkZW8="};
inline constexpr FieldDescription upload_concat{"`partial`, or `final;` and the addresses of partial uploads",
                                                "partial"};
inline constexpr FieldDescription upload_checksum{"An algorithm of Tus-Checksum-Algorithm, and the digest in base64",
                                                  "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="};
inline constexpr FieldDescription upload_offset{"Where the bytes of the request begin", "0"};
}  // namespace field_description

using UploadLengthField = Header<std::optional<FieldText<field_description::upload_length>>>;
using UploadOffsetField = Header<std::optional<FieldText<field_description::upload_offset>>>;

struct CreateTusUploadRequest {
    Header<std::optional<FieldText<field_description::tus_resumable>>> tus_resumable;
    UploadLengthField upload_length;
    Header<std::optional<FieldText<field_description::upload_defer_length>>> upload_defer_length;
    Header<std::optional<FieldText<field_description::upload_metadata>>> upload_metadata;
    Header<std::optional<FieldText<field_description::upload_concat>>> upload_concat;
    Header<std::optional<FieldText<field_description::upload_checksum>>> upload_checksum;
    RawBody<tus_body_types> body;
};
BOOST_DESCRIBE_STRUCT(CreateTusUploadRequest, (),
                      (tus_resumable, upload_length, upload_defer_length, upload_metadata, upload_concat,
                       upload_checksum, body))

struct TusUploadRequest {
    Path<UploadPathValue> upload_id;
    Header<std::optional<FieldText<field_description::tus_resumable>>> tus_resumable;
};
BOOST_DESCRIBE_STRUCT(TusUploadRequest, (), (upload_id, tus_resumable))

struct TusChunkRequest : TusUploadRequest {
    UploadOffsetField upload_offset;
    UploadLengthField upload_length;
    Header<std::optional<FieldText<field_description::upload_checksum>>> upload_checksum;
    RawBody<tus_body_types> body;
};
BOOST_DESCRIBE_STRUCT(TusChunkRequest, (TusUploadRequest), (upload_offset, upload_length, upload_checksum, body))

struct TusUploadView {
    static constexpr std::string_view schema_name = "TusUpload";
    Uuid id;
    std::optional<Uuid> content_id;  ///< of the content that it becomes; none of a partial upload
    std::int64_t offset;
    std::optional<std::int64_t> length;  ///< none as long as it is deferred
    Timestamp expires_at;
};
BOOST_DESCRIBE_STRUCT(TusUploadView, (), (id, content_id, offset, length, expires_at))

Task<Result<Reply<TusUploadView>>> create_tus_upload(Services& services, Request& request,
                                                     CreateTusUploadRequest wanted);
Task<Result<Response>> get_tus_offset(Services& services, Request& request, TusUploadRequest wanted);
Task<Result<Response>> append_tus_chunk(Services& services, Request& request, TusChunkRequest wanted);
Task<Result<Response>> end_tus_upload(Services& services, Request& request, TusUploadRequest wanted);

}  // namespace clinikk::api
