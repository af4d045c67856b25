#include "api/upload.hpp"

#include "api/content_fields.hpp"
#include "api/content_view.hpp"
#include "http/content_disposition.hpp"

namespace clinikk::api {

using namespace http;

namespace {

constexpr std::size_t max_parts = 10'000;
/// Of a list of so many parts.
constexpr std::uint64_t completion_limit = 1024UL * 1024;

struct BeginRequest {
    FormField<Title> title;
    FormField<Description> description;
    FormField<ContentKindValue> content_type;
    FormField<std::optional<Seconds>> duration;
    FormField<std::optional<HttpUrl>> thumbnail_url;
    FormField<Text<1, 255>> file_name;
    FormField<FileSize> size;
};
BOOST_DESCRIBE_STRUCT(BeginRequest, (), (title, description, content_type, duration, thumbnail_url, file_name, size))

struct UploadRequest {
    Path<UuidValue> upload_id;
};
BOOST_DESCRIBE_STRUCT(UploadRequest, (), (upload_id))

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
    FormField<ListOf<SentPart, 1, max_parts>> parts;
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

PartAddressesView view(PartAddresses addresses) {
    PartAddressesView out{{}, addresses.expires_at};
    for (auto& part : addresses.parts) {
        out.parts.push_back({part.number, static_cast<std::int64_t>(part.size), std::move(part.url)});
    }
    return out;
}

std::int64_t parts_count(Upload const& upload) { return plan_of(upload).count(); }

BegunUploadView view(BegunUpload begun) {
    auto const& upload = begun.upload;
    auto first = view(std::move(begun.addresses));
    return {upload.id,           upload.content_id, upload.length.value(),  upload.part_size.value(),
            parts_count(upload), upload.expires_at, std::move(first.parts), first.parts_expire_at};
}

UploadView view(UploadProgress progress) {
    auto const& upload = progress.upload;
    auto const state =
        upload.state == UploadState::receiving ? UploadStateView::receiving : UploadStateView::committing;
    UploadView out{upload.id,           upload.content_id, state, upload.length.value(), upload.part_size.value(),
                   parts_count(upload), upload.expires_at, {}};
    for (auto& part : progress.parts) {
        out.stored_parts.push_back({part.number, static_cast<std::int64_t>(part.size), std::move(part.etag)});
    }
    return out;
}

}  // namespace

class UploadApi::Handlers {
public:
    explicit Handlers(DirectUploadService& uploads) : uploads_(uploads) {}

    Task<Result<Reply<BegunUploadView>>> begin(Request& request, BeginRequest wanted) {
        DirectUploadDescription description{
            {wanted.title->value(), wanted.description->value(), wanted.content_type->value(),
             optional_value(wanted.duration), optional_value(wanted.thumbnail_url)},
            wanted.file_name->value(),
            inline_header(wanted.file_name->value())};
        auto const size = static_cast<std::uint64_t>(wanted.size->value());
        auto begun = co_await uploads_.begin(*request.caller, std::move(description), size);
        if (!begun) co_return begun.error();
        auto const location = request.base_url + "/uploads/" + begun->upload.id.to_string();
        Reply<BegunUploadView> reply{view(std::move(*begun))};
        reply.headers.add("Location", location);
        reply.headers.add("Cache-Control", "no-store");
        co_return reply;
    }

    Task<Result<Reply<UploadView>>> get(Request& request, UploadRequest wanted) {
        auto progress = co_await uploads_.progress(*request.caller, wanted.upload_id->value());
        if (!progress) co_return progress.error();
        Reply<UploadView> reply{view(std::move(*progress))};
        reply.headers.add("Cache-Control", "no-store");
        co_return reply;
    }

    Task<Result<Reply<PartAddressesView>>> add_parts(Request& request, PartsRequest wanted) {
        auto addresses = co_await uploads_.addresses(*request.caller, wanted.upload_id->value(),
                                                     static_cast<int>(wanted.from->value()),
                                                     static_cast<int>(wanted.limit->value()));
        if (!addresses) co_return addresses.error();
        Reply<PartAddressesView> reply{view(std::move(*addresses))};
        reply.headers.add("Cache-Control", "no-store");
        co_return reply;
    }

    Task<Result<Reply<ContentView>>> complete(Request& request, CompleteRequest wanted) {
        UploadCompletion completion;
        for (auto const& part : wanted.parts->items) {
            completion.parts.push_back({static_cast<int>(part.number->value()), part.etag->value()});
        }
        completion.sha256 = optional_value(wanted.sha256);
        auto content = co_await uploads_.complete(*request.caller, wanted.upload_id->value(), std::move(completion));
        if (!content) co_return content.error();
        auto const location = request.base_url + "/content/" + content->id.to_string();
        Reply<ContentView> reply{view_content(std::move(*content), request.base_url)};
        reply.headers.add("Location", location);
        co_return reply;
    }

    Task<Result<AbortedView>> abort(Request& request, UploadRequest wanted) {
        auto const aborted = co_await uploads_.abort(*request.caller, wanted.upload_id->value());
        if (!aborted) co_return aborted.error();
        co_return AbortedView{"Upload aborted"};
    }

private:
    DirectUploadService& uploads_;
};

UploadApi::UploadApi(DirectUploadService& uploads) : handlers_(std::make_unique<Handlers>(uploads)) {}

UploadApi::~UploadApi() = default;

void UploadApi::add_to(EndpointTable& table, UploadApi* api) {
    auto* const handlers = api ? api->handlers_.get() : nullptr;
    using enum ErrorCode;
    table.add(
        {.method = Method::post,
         .path = "/uploads",
         .id = "begin_upload",
         .tag = "upload",
         .summary = "Begin an upload that goes to the bucket directly",
         .description = "For large files, where the service keeps its media in a bucket (`STORAGE_PROVIDER=S3`). "
                        "The answer has the addresses of the first 100 parts: PUT exactly `size` bytes to each, "
                        "in any order, several at a time, and keep the `ETag` of each answer. "
                        "`file_name` tells the likely format; the bytes decide in the end.",
         .access = Access::editor,
         .body = {BodyForm::json},
         .success = 201,
         .errors = {direct_upload_unavailable, upload_interrupted, upload_too_large, quota_exceeded, too_many_uploads}},
        handlers, &Handlers::begin);
    table.add({.method = Method::get,
               .path = "/uploads/{upload_id}",
               .id = "get_upload",
               .tag = "upload",
               .summary = "How far an upload has come",
               .description = "Its parts that are in the bucket: what is not there is to be sent, again or for the "
                              "first time. In the state `committing` all of it is there, and is being read or waits "
                              "to be completed.",
               .access = Access::editor,
               .errors = {upload_not_found}},
              handlers, &Handlers::get);
    table.add({.method = Method::post,
               .path = "/uploads/{upload_id}/parts",
               .id = "add_upload_parts",
               .tag = "upload",
               .summary = "More addresses, or new ones for those that expired",
               .description = "For up to `limit` parts, from the number `from` on.",
               .access = Access::editor,
               .body = {BodyForm::json},
               .errors = {upload_not_found, upload_busy}},
              handlers, &Handlers::add_parts);
    table.add(
        {.method = Method::post,
         .path = "/uploads/{upload_id}/complete",
         .id = "complete_upload",
         .tag = "upload",
         .summary = "Make a content of what was sent",
         .description = "With the number and ETag of every part. The service compares them with the bucket, puts "
                        "the parts together, and reads the object once to hash and examine it, which takes as "
                        "long as that does. Where the answer was lost, ask again: it is `upload_busy` while the "
                        "first request is at work, and the content afterwards. Bytes that are refused are "
                        "removed, and the upload with them.",
         .access = Access::editor,
         .body = {BodyForm::json},
         .body_limit = completion_limit,
         .success = 201,
         .errors = {upload_not_found, upload_busy, upload_interrupted, parts_mismatch, digest_mismatch,
                    media_unrecognised, media_kind_mismatch, media_truncated, media_unsupported, media_probe_timeout}},
        handlers, &Handlers::complete);
    table.add({.method = Method::del,
               .path = "/uploads/{upload_id}",
               .id = "abort_upload",
               .tag = "upload",
               .summary = "Give an upload up",
               .description = "What has been sent is removed from the bucket.",
               .access = Access::editor,
               .errors = {upload_not_found, upload_busy}},
              handlers, &Handlers::abort);
}

}  // namespace clinikk::api
