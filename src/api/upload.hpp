#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/content_cursor.hpp"
#include "api/content_fields.hpp"
#include "api/content_view.hpp"
#include "api/services.hpp"
#include "api/upload_address.hpp"
#include "api/upload_view.hpp"

/// `/uploads`: the requests and handlers for uploads whose bytes go directly to the bucket, and those that every upload
/// has.
namespace clinikk::api {

inline constexpr std::size_t max_upload_parts = 10'000;

struct BeginUploadRequest : ContentFields {
    FormField<Line<1, 255>> file_name;
    FormField<FileSize> size;
    FormField<std::optional<UuidValue>> replaces;
};
BOOST_DESCRIBE_STRUCT(BeginUploadRequest, (ContentFields), (file_name, size, replaces))

struct UploadRequest {
    Path<UploadPathValue> upload_id;
};
BOOST_DESCRIBE_STRUCT(UploadRequest, (), (upload_id))

struct ListUploadsRequest {
    Query<PageLimit> limit;
    Query<std::optional<CursorValue>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListUploadsRequest, (), (limit, cursor))

struct PartsRequest {
    Path<UuidValue> upload_id;
    FormField<PartNumber> from;
    FormField<PageLimit> limit;
};
BOOST_DESCRIBE_STRUCT(PartsRequest, (), (upload_id, from, limit))

struct SentPart {
    static constexpr std::string_view schema_name = "SentPart";
    FormField<PartNumber> number;
    FormField<Text<1, 128>> etag;
};
BOOST_DESCRIBE_STRUCT(SentPart, (), (number, etag))

struct CompleteRequest {
    Path<UuidValue> upload_id;
    FormField<ListOf<SentPart, 1, max_upload_parts>> parts;
    FormField<std::optional<Sha256Value>> sha256;
};
BOOST_DESCRIBE_STRUCT(CompleteRequest, (), (upload_id, parts, sha256))

struct PartAddressView {
    static constexpr std::string_view schema_name = "PartAddress";
    std::int64_t number;
    std::int64_t size;
    std::string url;
};
BOOST_DESCRIBE_STRUCT(PartAddressView, (), (number, size, url))

struct PartAddressesView {
    static constexpr std::string_view schema_name = "PartAddresses";
    std::vector<PartAddressView> parts;
    Timestamp parts_expire_at;
};
BOOST_DESCRIBE_STRUCT(PartAddressesView, (), (parts, parts_expire_at))

struct BegunUploadView {
    static constexpr std::string_view schema_name = "BegunUpload";
    Uuid id;
    Uuid content_id;
    std::int64_t size;
    std::int64_t part_size;
    std::int64_t parts_count;
    Timestamp expires_at;
    std::vector<PartAddressView> parts;
    Timestamp parts_expire_at;
};
BOOST_DESCRIBE_STRUCT(BegunUploadView, (),
                      (id, content_id, size, part_size, parts_count, expires_at, parts, parts_expire_at))

struct StoredPartView {
    static constexpr std::string_view schema_name = "StoredPart";
    std::int64_t number;
    std::int64_t size;
    std::string etag;
};
BOOST_DESCRIBE_STRUCT(StoredPartView, (), (number, size, etag))

enum class UploadStateView : std::uint8_t { receiving, committing };
BOOST_DESCRIBE_ENUM(UploadStateView, receiving, committing)

struct UploadView {
    static constexpr std::string_view schema_name = "Upload";
    Uuid id;
    Uuid content_id;
    UploadStateView state;
    std::int64_t size;
    std::int64_t part_size;
    std::int64_t parts_count;
    Timestamp expires_at;
    std::vector<StoredPartView> stored_parts;
};
BOOST_DESCRIBE_STRUCT(UploadView, (), (id, content_id, state, size, part_size, parts_count, expires_at, stored_parts))

struct AbortedView {
    static constexpr std::string_view schema_name = "Aborted";
    std::string_view detail;
};
BOOST_DESCRIBE_STRUCT(AbortedView, (), (detail))

Task<Result<Reply<BegunUploadView>>> begin_upload(Services& services, Request& request, BeginUploadRequest wanted);
Task<Result<Reply<std::vector<ListedUploadView>>>> list_uploads(Services& services, Request& request,
                                                                ListUploadsRequest list);
/// An `UploadView` of a direct upload, a `ResumableUploadView` of a resumable one.
Task<Result<Response>> get_upload(Services& services, Request& request, UploadRequest wanted);
Task<Result<Reply<PartAddressesView>>> add_upload_parts(Services& services, Request& request, PartsRequest wanted);
Task<Result<Reply<ContentView>>> complete_upload(Services& services, Request& request, CompleteRequest wanted);
/// An `AbortedView` for a direct upload, 204 for a resumable one.
Task<Result<Response>> abort_upload(Services& services, Request& request, UploadRequest wanted);

}  // namespace clinikk::api
