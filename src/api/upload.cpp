#include "api/upload.hpp"

#include "api/content.hpp"
#include "api/no_content.hpp"
#include "api/resumable_upload.hpp"
#include "api/routes.hpp"
#include "api/upload_headers.hpp"
#include "domain/file_name.hpp"
#include "http/endpoint/json_writer.hpp"
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
                        "`file_name` tells the likely format; the bytes decide in the end. `replaces` names a content "
                        "that gets these bytes as its new source: it keeps its title and all else that was said of "
                        "it, and plays the old ones until the upload is completed.",
         .access = Access::editor,
         .scope = Scope::content_write,
         .body = {BodyForm::json},
         .success = 201,
         .headers = {answer_header::location, answer_header::cache_control},
         .errors = {direct_upload_unavailable, upload_interrupted, upload_too_large, quota_exceeded, too_many_uploads,
                    content_not_found}});
    routes.add<list_uploads>(
        {.method = Method::get,
         .path = "/uploads",
         .tag = "upload",
         .summary = "Your uploads under way",
         .description = "The resumable uploads of the account that are not complete, the newest first, with how far "
                        "they have come and when they expire. Where there is more, `Link` with `rel=\"next\"` leads "
                        "on. The account goes on with one, or cancels it, at `/uploads/{id}` with its token.",
         .access = Access::editor,
         .scope = Scope::content_write,
         .headers = {answer_header::cache_control, optional(answer_header::link)}});
    routes.add<get_upload>(
        {.method = Method::get,
         .path = "/uploads/{upload_id}",
         .tag = "upload",
         .summary = "How far an upload has come",
         .description = "Of a direct upload, its parts that are in the bucket: what is not there is to be sent, again "
                        "or for the first time. In the state `committing` all of it is there, and is being read or "
                        "waits to be completed. Of a resumable upload, its offset, and the content or the failure in "
                        "the end; unlike HEAD this disturbs nobody who is sending. The right in the address of a "
                        "resumable upload suffices; without it the caller must own the upload or be an administrator.",
         .access = Access::optional,
         .scope = Scope::content_write,
         .headers = {answer_header::cache_control, optional(upload_header::offset), optional(upload_header::complete),
                     optional(upload_header::length), optional(upload_header::limit)},
         .errors = {upload_not_found, upload_expired, upload_cancelled, upload_lost, not_authenticated, forbidden},
         .has_head = false},
        any_of({schema_of<UploadView>(), schema_of<ResumableUploadView>()}));
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
    routes.add_repeatable<complete_upload, created_again>(
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
                    content_not_found, media_unrecognised, media_kind_mismatch, media_truncated, media_unsupported,
                    media_probe_timeout}});
    routes.add<abort_upload>(
        {.method = Method::del,
         .path = "/uploads/{upload_id}",
         .tag = "upload",
         .summary = "Give an upload up",
         .description = "What has been sent is removed. Ends a request that is appending. The right in the address of "
                        "a resumable upload suffices, and the answer then has no content.",
         .access = Access::optional,
         .scope = Scope::content_write,
         .errors = {upload_not_found, upload_busy, upload_locked, upload_interrupted, not_authenticated, forbidden},
         .answers = {no_content_answer("The resumable upload has ended")}},
        schema_of<AbortedView>());
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

/// The URL of the next page.
std::string next_page(std::string_view base_url, std::int64_t limit, ResumableUpload const& last) {
    return std::string(base_url) + "/uploads?limit=" + std::to_string(limit) +
           "&cursor=" + format_cursor({last.created_at, last.id});
}

/// Whether an upload that is no resumable one may be a direct one, which has no right in its address.
bool may_be_direct(Request const& request, UploadPath const& path, Error const& error) {
    return error.code == ErrorCode::upload_not_found && path.right.empty() && request.caller;
}

/// An answer that no cache stores.
template <class View>
Response unstored(View const& value, HeaderBlock const& headers = {}) {
    std::string text;
    write_json(text, value);
    auto response = json_response(200, std::move(text));
    response.headers.append(headers);
    response.headers.add("Cache-Control", "no-store");
    return response;
}

}  // namespace

Task<Result<Reply<BegunUploadView>>> begin_upload(Services& services, Request& request, BeginUploadRequest wanted) {
    auto const& file_name = wanted.file_name->value();
    UploadDescription description{from_members<ContentDescription>(wanted), file_name,
                                  inline_header(without_directories(file_name))};
    auto const size = static_cast<std::uint64_t>(wanted.size->value());
    auto begun =
        co_await services.direct_uploads.begin(*request.caller, std::move(description), size, wanted.replaces.plain());
    if (!begun) co_return begun.error();
    auto const location = request.base_url + "/uploads/" + begun->upload.id.to_string();
    Reply<BegunUploadView> reply{view(std::move(*begun))};
    reply.headers.add("Location", location);
    reply.headers.add("Cache-Control", "no-store");
    co_return reply;
}

Task<Result<Reply<std::vector<ListedUploadView>>>> list_uploads(Services& services, Request& request,
                                                                ListUploadsRequest list) {
    // One item more than requested shows whether there is a next page.
    auto const limit = list.limit->value();
    auto const before = list.cursor ? std::optional(list.cursor->value().id) : std::nullopt;
    auto uploads =
        co_await services.resumable_uploads.list(*request.caller, before, static_cast<std::size_t>(limit) + 1);
    if (!uploads) co_return uploads.error();
    Reply<std::vector<ListedUploadView>> reply;
    reply.headers.add("Cache-Control", "no-store");
    if (uploads->size() > static_cast<std::size_t>(limit)) {
        uploads->pop_back();
        reply.headers.add("Link", "<" + next_page(request.base_url, limit, uploads->back()) + ">; rel=\"next\"");
    }
    for (auto const& upload : *uploads) reply.value.push_back(view_listed(upload));
    co_return reply;
}

Task<Result<Response>> get_upload(Services& services, Request& request, UploadRequest wanted) {
    auto const& path = wanted.upload_id->value();
    if (path.right.empty() && !request.caller) co_return Error(ErrorCode::not_authenticated);
    auto status = co_await services.resumable_uploads.peek(reference_of(request, path));
    if (status) {
        HeaderBlock headers;
        add_upload_state(headers, services.resumable_uploads, status->upload);
        co_return unstored(view_resumable(std::move(*status), request.base_url), headers);
    }
    if (!may_be_direct(request, path, status.error())) co_return status.error();
    auto progress = co_await services.direct_uploads.progress(*request.caller, path.id);
    if (!progress) co_return progress.error();
    co_return unstored(view(std::move(*progress)));
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

Task<Result<Response>> abort_upload(Services& services, Request& request, UploadRequest wanted) {
    auto const& path = wanted.upload_id->value();
    if (path.right.empty() && !request.caller) co_return Error(ErrorCode::not_authenticated);
    auto const cancelled = co_await services.resumable_uploads.cancel(reference_of(request, path));
    if (cancelled) co_return no_content();
    if (!may_be_direct(request, path, cancelled.error())) co_return cancelled.error();
    auto const aborted = co_await services.direct_uploads.abort(*request.caller, path.id);
    if (!aborted) co_return aborted.error();
    std::string text;
    write_json(text, AbortedView{"Upload aborted"});
    co_return json_response(200, std::move(text));
}

}  // namespace clinikk::api
