#include "api/tus_upload.hpp"

#include <string>
#include <utility>

#include "api/no_content.hpp"
#include "api/routes.hpp"
#include "api/tus_request.hpp"
#include "api/upload_headers.hpp"
#include "api/upload_view.hpp"
#include "http/message/tus_fields.hpp"

namespace clinikk::api {
namespace {

constexpr std::string_view field_of_tus = "Tus-Resumable";

/// Refuses other versions, and fields that stand more than once, which recipients would read differently.
std::optional<Error> refuse_head(RequestHead const& head) {
    if (head.find_only(field_of_tus) != tus_version) {
        return Error(ErrorCode::tus_version_unsupported).with("Tus-Version", std::string(tus_version));
    }
    for (auto const* const name : {"Upload-Offset", "Upload-Length", "Upload-Defer-Length", "Upload-Metadata",
                                   "Upload-Concat", "Upload-Checksum"}) {
        if (head.find(name).data() != head.find_only(name).data()) {
            return Error(ErrorCode::bad_request, std::string(name) + " is given more than once");
        }
    }
    return std::nullopt;
}

/// What all operations of tus have in common.
Operation tus_operation(Method method, std::string_view path) {
    Operation operation;
    operation.method = method;
    operation.path = path;
    operation.tag = "upload";
    operation.scope = Scope::content_write;
    operation.keyed = false;  // what can be resumed need not be begun again
    operation.chosen_by = field_of_tus;
    operation.refuse_head = refuse_head;
    operation.on_every_answer = {{field_of_tus, tus_version}};
    operation.takes_method_override = true;
    return operation;
}

/// Of whatever puts bytes into an upload.
constexpr std::initializer_list<ErrorCode> errors_of_bytes{ErrorCode::upload_checksum_unsupported,
                                                           ErrorCode::upload_checksum_mismatch,
                                                           ErrorCode::upload_length_exceeded,
                                                           ErrorCode::upload_is_final,
                                                           ErrorCode::upload_interrupted,
                                                           ErrorCode::upload_lost,
                                                           ErrorCode::upload_locked,
                                                           ErrorCode::quota_exceeded,
                                                           ErrorCode::insufficient_storage,
                                                           ErrorCode::content_not_found,
                                                           ErrorCode::digest_mismatch,
                                                           ErrorCode::media_unrecognised,
                                                           ErrorCode::media_kind_mismatch,
                                                           ErrorCode::media_truncated,
                                                           ErrorCode::media_unsupported,
                                                           ErrorCode::media_probe_timeout};

void add_errors(Operation& operation, std::initializer_list<ErrorCode> codes) {
    operation.errors.insert(operation.errors.end(), codes);
}

Operation creation(std::uint64_t max_upload_size) {
    using enum ErrorCode;
    auto operation = tus_operation(Method::post, "/uploads");
    operation.summary = "Begin a resumable upload (tus 1.0.0)";
    operation.description =
        "For requests with `Tus-Resumable`. `Location` is the address of the upload: whoever has it may go on with the "
        "upload, without a token. `Upload-Metadata` states what other uploads have in their fields; `filename` and "
        "`filetype` stand in for `title` and `content_type`, and `replaces` names a content whose file is to be "
        "replaced.";
    operation.access = Access::editor;
    operation.body_optional = true;
    operation.body_limit = max_upload_size;
    operation.over_limit = upload_too_large;
    operation.success = 201;
    operation.headers = {answer_header::location, optional(upload_header::offset), optional(upload_header::expires),
                         optional(upload_header::content_location), answer_header::cache_control};
    operation.errors = {tus_version_unsupported, validation_failed, upload_metadata_malformed, upload_concat_invalid,
                        too_many_uploads};
    add_errors(operation, errors_of_bytes);
    operation.options = {{field_of_tus, std::string(tus_version)},
                         {"Tus-Version", std::string(tus_version)},
                         {"Tus-Extension", std::string(tus_extensions)},
                         {"Tus-Max-Size", std::to_string(max_upload_size)},
                         {"Tus-Checksum-Algorithm", std::string(chunk_checksum_algorithms)}};
    return operation;
}

/// What the operations on one upload have in common. The right in its address is enough.
Operation on_upload(Method method) {
    using enum ErrorCode;
    auto operation = tus_operation(method, "/uploads/{upload_id}");
    operation.access = Access::optional;
    operation.errors = {tus_version_unsupported, upload_not_found,  upload_locked,
                        upload_interrupted,      not_authenticated, forbidden};
    return operation;
}

}  // namespace

void add_tus_routes(Routes& routes) {
    using enum ErrorCode;
    auto const max_upload_size = routes.max_file_size();
    auto const create = creation(max_upload_size);
    routes.add<create_tus_upload>(create);

    auto ask = on_upload(Method::head);
    ask.summary = "How far a resumable upload has come (tus 1.0.0)";
    ask.description =
        "A request that is still appending is asked to stop, and what it has received is counted. Of an upload that "
        "was refused nothing is kept, so its offset is 0; appending to it is answered with the reason.";
    ask.answers = {
        {200,
         "",
         "The offset",
         {optional(upload_header::offset), optional(upload_header::length), optional(upload_header::defer_length),
          optional(upload_header::metadata), optional(upload_header::concat), optional(upload_header::expires),
          optional(upload_header::content_location), answer_header::cache_control}}};
    add_errors(ask, {upload_expired, upload_cancelled, upload_lost});
    ask.options = create.options;
    routes.add<get_tus_offset>(std::move(ask));

    auto append = on_upload(Method::patch);
    append.summary = "Append to a resumable upload (tus 1.0.0)";
    append.description =
        "What arrives is kept even if the request is cut, unless it has a checksum. After the last byte the file is "
        "examined; the answer then has the address of the content in `Location`.";
    append.body_limit = max_upload_size;
    append.over_limit = upload_too_large;
    append.answers = {{204,
                       "",
                       "The bytes are stored durably",
                       {upload_header::offset, optional(upload_header::expires), optional(answer_header::location),
                        optional(upload_header::content_location), answer_header::cache_control}}};
    add_errors(append, {upload_expired, upload_cancelled, upload_offset_mismatch, upload_length_mismatch});
    add_errors(append, errors_of_bytes);
    routes.add<append_tus_chunk>(std::move(append));

    auto end = on_upload(Method::del);
    end.summary = "Give a resumable upload up (tus 1.0.0)";
    end.description = "Its bytes are removed. If it is a content already, that stays.";
    end.answers = {no_content_answer("The upload is gone")};
    routes.add<end_tus_upload>(std::move(end));
}

namespace {

Chunk chunk_of(RequestBody& body, std::uint64_t offset, BodyChecksum checksum) {
    Chunk chunk{.bytes = body, .offset = offset};
    chunk.checksum = std::move(checksum.read);
    chunk.checksum_algorithm = std::move(checksum.algorithm);
    chunk.interrupt = [&body] { body.interrupt(); };
    return chunk;
}

/// Appends the body of the request that began an upload.
Task<Result<UploadStatus>> append_first(Services& services, Request& request, BegunResumableUpload const& begun,
                                        BodyChecksum checksum) {
    UploadReference reference{begun.upload.id, begun.right, request.caller, origin_of(request)};
    auto chunk = chunk_of(request.body.get(), 0, std::move(checksum));
    co_return co_await services.resumable_uploads.append_first(reference, std::move(chunk));
}

std::string content_address(std::string_view base_url, Uuid content_id) {
    return std::string(base_url) + "/content/" + content_id.to_string();
}

/// Upload-Expires of what is removed if nothing more is done with it: an upload that is open, and bytes that wait for a
/// concatenation.
void add_expiry(HeaderBlock& headers, ResumableUpload const& upload) {
    bool const waits = upload.state == ResumableState::done && upload.concat == UploadConcat::partial;
    if (upload.state != ResumableState::open && !waits) return;
    headers.add("Upload-Expires", format_http_date(upload.expires_at));
}

/// Upload-Offset. A final upload has none before its parts are joined.
void add_offset(HeaderBlock& headers, ResumableUpload const& upload) {
    if (upload.concat == UploadConcat::final_ && upload.state != ResumableState::done) return;
    bool const has_bytes = upload.state != ResumableState::failed;
    headers.add("Upload-Offset", std::to_string(has_bytes ? upload.offset : 0));
}

}  // namespace

Task<Result<Reply<TusUploadView>>> create_tus_upload(Services& services, Request& request,
                                                     CreateTusUploadRequest wanted) {
    auto creation = read_creation(wanted, request.head, services.resumable_uploads.max_size());
    if (!creation) co_return creation.error();
    auto checksum = checksum_of(request);
    if (!checksum) co_return checksum.error();
    auto begun = co_await services.resumable_uploads.begin(*request.caller, std::move(*creation));
    if (!begun) co_return begun.error();
    if (has_body(request.head)) {
        auto status = co_await append_first(services, request, *begun, std::move(*checksum));
        if (!status) co_return status.error();
        begun->upload = std::move(status->upload);
    }
    auto const& upload = begun->upload;
    auto const content = content_of(upload);
    Reply<TusUploadView> reply{{upload.id, content, upload.offset, upload.length, upload.expires_at}};
    reply.headers.add("Location", upload_address(request.base_url, upload.id, begun->right));
    if (content) reply.headers.add("Content-Location", content_address(request.base_url, *content));
    reply.headers.add("Cache-Control", "no-store");
    add_offset(reply.headers, upload);
    add_expiry(reply.headers, upload);
    co_return reply;
}

Task<Result<Response>> get_tus_offset(Services& services, Request& request, TusUploadRequest wanted) {
    auto const reference = reference_of(request, wanted.upload_id->value());
    auto const status = co_await services.resumable_uploads.find(reference);
    if (!status) co_return status.error();
    auto const& upload = status->upload;
    Response response;
    response.headers.add("Cache-Control", "no-store");
    add_offset(response.headers, upload);
    if (upload.length) {
        response.headers.add("Upload-Length", std::to_string(*upload.length));
    } else if (upload.concat != UploadConcat::final_) {
        response.headers.add("Upload-Defer-Length", "1");
    }
    if (!upload.metadata.empty()) response.headers.add("Upload-Metadata", upload.metadata);
    if (!upload.concat_field.empty()) response.headers.add("Upload-Concat", upload.concat_field);
    if (status->content) {
        response.headers.add("Content-Location", content_address(request.base_url, status->content->id));
    }
    add_expiry(response.headers, upload);
    co_return response;
}

Task<Result<Response>> append_tus_chunk(Services& services, Request& request, TusChunkRequest wanted) {
    auto const offset = read_offset(wanted.upload_offset);
    if (!offset) co_return offset.error();
    auto const length = read_length(wanted.upload_length, services.resumable_uploads.max_size());
    if (!length) co_return length.error();
    auto checksum = checksum_of(request);
    if (!checksum) co_return checksum.error();
    auto const reference = reference_of(request, wanted.upload_id->value());
    auto chunk = chunk_of(*wanted.body, *offset, std::move(*checksum));
    chunk.length = *length;
    auto const status = co_await services.resumable_uploads.append(reference, std::move(chunk));
    if (!status) co_return status.error();
    auto response = no_content();
    add_offset(response.headers, status->upload);
    add_expiry(response.headers, status->upload);
    if (status->content) {
        auto const address = content_address(request.base_url, status->content->id);
        response.headers.add("Location", address);
        response.headers.add("Content-Location", address);
    }
    co_return response;
}

Task<Result<Response>> end_tus_upload(Services& services, Request& request, TusUploadRequest wanted) {
    auto const reference = reference_of(request, wanted.upload_id->value());
    auto const ended = co_await services.resumable_uploads.cancel(reference);
    if (!ended) co_return ended.error();
    co_return no_content();
}

}  // namespace clinikk::api
