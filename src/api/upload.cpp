#include "api/upload.hpp"

#include "api/routes.hpp"
#include "domain/file_name.hpp"
#include "http/message/content_disposition.hpp"

namespace clinikk::api {
namespace {

/// The size of a list of `max_upload_parts` parts, in bytes.
constexpr std::uint64_t completion_limit = 1024UL * 1024;

}  // namespace

void add_upload_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add<begin_upload>(
        {.method = Method::post,
         .path = "/uploads",
         .tag = "upload",
         .summary = "Begin an upload that goes to the bucket directly",
         .description = "For large files, where the service keeps its media in a bucket (`STORAGE_PROVIDER=S3`). "
                        "The answer has the addresses of the first 100 parts: PUT exactly `size` bytes to each, "
                        "in any order, several at a time, and keep the `ETag` of each answer. "
                        "`file_name` tells the likely format; the bytes decide in the end.",
         .access = Access::editor,
         .scope = Scope::content_write,
         .body = {BodyForm::json},
         .success = 201,
         .headers = {answer_header::location, answer_header::cache_control},
         .errors = {direct_upload_unavailable, upload_interrupted, upload_too_large, quota_exceeded,
                    too_many_uploads}});
    routes.add<get_upload>({.method = Method::get,
                            .path = "/uploads/{upload_id}",
                            .tag = "upload",
                            .summary = "How far an upload has come",
                            .description =
                                "Its parts that are in the bucket: what is not there is to be sent, again or for the "
                                "first time. In the state `committing` all of it is there, and is being read or waits "
                                "to be completed.",
                            .access = Access::editor,
                            .scope = Scope::content_write,
                            .headers = {answer_header::cache_control},
                            .errors = {upload_not_found}});
    routes.add<add_upload_parts>({.method = Method::post,
                                  .path = "/uploads/{upload_id}/parts",
                                  .tag = "upload",
                                  .summary = "More addresses, or new ones for those that expired",
                                  .description = "For up to `limit` parts, from the number `from` on.",
                                  .access = Access::editor,
                                  .scope = Scope::content_write,
                                  .body = {BodyForm::json},
                                  .headers = {answer_header::cache_control},
                                  .errors = {upload_not_found, upload_busy}});
    routes.add<complete_upload>(
        {.method = Method::post,
         .path = "/uploads/{upload_id}/complete",
         .tag = "upload",
         .summary = "Make a content of what was sent",
         .description = "With the number and ETag of every part. The service compares them with the bucket, puts "
                        "the parts together, and reads the object once to hash and examine it, which takes as "
                        "long as that does. Where the answer was lost, ask again: it is `upload_busy` while the "
                        "first request is at work, and the content afterwards. Bytes that are refused are "
                        "removed, and the upload with them.",
         .access = Access::editor,
         .scope = Scope::content_write,
         .body = {BodyForm::json},
         .body_limit = completion_limit,
         .success = 201,
         .headers = {answer_header::location},
         .errors = {upload_not_found, upload_busy, upload_interrupted, parts_mismatch, digest_mismatch,
                    media_unrecognised, media_kind_mismatch, media_truncated, media_unsupported, media_probe_timeout}});
    routes.add<abort_upload>({.method = Method::del,
                              .path = "/uploads/{upload_id}",
                              .tag = "upload",
                              .summary = "Give an upload up",
                              .description = "What has been sent is removed from the bucket.",
                              .access = Access::editor,
                              .scope = Scope::content_write,
                              .errors = {upload_not_found, upload_busy}});
}

namespace {

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

Task<Result<Reply<BegunUploadView>>> begin_upload(Services& services, Request& request, BeginUploadRequest wanted) {
    auto const& file_name = wanted.file_name->value();
    DirectUploadDescription description{from_members<ContentDescription>(wanted), file_name,
                                        inline_header(without_directories(file_name))};
    auto const size = static_cast<std::uint64_t>(wanted.size->value());
    auto begun = co_await services.direct_uploads.begin(*request.caller, std::move(description), size);
    if (!begun) co_return begun.error();
    auto const location = request.base_url + "/uploads/" + begun->upload.id.to_string();
    Reply<BegunUploadView> reply{view(std::move(*begun))};
    reply.headers.add("Location", location);
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<UploadView>>> get_upload(Services& services, Request& request, UploadRequest wanted) {
    auto progress = co_await services.direct_uploads.progress(*request.caller, wanted.upload_id->value());
    if (!progress) co_return progress.error();
    Reply<UploadView> reply{view(std::move(*progress))};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<PartAddressesView>>> add_upload_parts(Services& services, Request& request, PartsRequest wanted) {
    auto const first = static_cast<int>(wanted.from->value());
    auto const count = static_cast<int>(wanted.limit->value());
    auto addresses =
        co_await services.direct_uploads.addresses(*request.caller, wanted.upload_id->value(), first, count);
    if (!addresses) co_return addresses.error();
    Reply<PartAddressesView> reply{view(std::move(*addresses))};
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<ContentView>>> complete_upload(Services& services, Request& request, CompleteRequest wanted) {
    UploadCompletion completion;
    for (auto const& part : wanted.parts->items) {
        completion.parts.push_back({static_cast<int>(part.number->value()), part.etag->value()});
    }
    completion.sha256 = wanted.sha256.plain();
    auto content =
        co_await services.direct_uploads.complete(*request.caller, wanted.upload_id->value(), std::move(completion));
    if (!content) co_return content.error();
    co_return created_content(std::move(*content), request.base_url);
}

Task<Result<AbortedView>> abort_upload(Services& services, Request& request, UploadRequest wanted) {
    auto const aborted = co_await services.direct_uploads.abort(*request.caller, wanted.upload_id->value());
    if (!aborted) co_return aborted.error();
    co_return AbortedView{"Upload aborted"};
}

}  // namespace clinikk::api
