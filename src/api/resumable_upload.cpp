#include "api/resumable_upload.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "api/no_content.hpp"
#include "api/routes.hpp"
#include "api/upload_headers.hpp"
#include "http/endpoint/json_writer.hpp"
#include "http/message/digest_fields.hpp"
#include "http/message/structured_fields.hpp"

namespace clinikk::api {
namespace {

/// The service limits what it takes, and its refusal states the limit.
constexpr auto limited_by_service = std::numeric_limits<std::uint64_t>::max();

/// Of whatever puts bytes into an upload.
std::vector<ErrorCode> errors_of_bytes() {
    using enum ErrorCode;
    return {
        upload_not_found,     upload_interrupted,     upload_expired,         upload_cancelled,         upload_lost,
        upload_locked,        upload_length_mismatch, upload_length_exceeded, upload_checksum_mismatch, quota_exceeded,
        insufficient_storage, upload_too_large,       media_unrecognised,     media_kind_mismatch,      media_truncated,
        media_unsupported,    media_probe_timeout,    digest_mismatch,        not_authenticated,        forbidden};
}

}  // namespace

void add_resumable_upload_routes(Routes& routes) {
    using enum ErrorCode;
    auto const limit = "max-size=" + std::to_string(routes.max_file_size());
    Operation create{.method = Method::post,
                     .path = "/content",
                     .tag = "content",
                     .summary = "Upload a file that can be resumed",
                     .description =
                         "As draft-ietf-httpbis-resumable-upload describes it (interop version 8): the file is the "
                         "body, and the fields of the content stand in the query. A client that sends "
                         "`Upload-Draft-Interop-Version: 8` is told the address of the upload by "
                         "`104 (Upload Resumption Supported)` before the first byte is read, and goes on there after "
                         "an interruption. With `?1` and the whole file the answer is the content; with `?0` it is "
                         "the address of the upload, without content.",
                     .access = Access::editor,
                     .scope = Scope::content_write,
                     .body_optional = true,
                     .body_limit = limited_by_service,
                     .over_limit = upload_too_large,
                     .success = 201,
                     .headers = {answer_header::location, upload_header::complete},
                     .errors = errors_of_bytes(),
                     .answers = {{201,
                                  "",
                                  "The upload has begun",
                                  {answer_header::location, upload_header::content_location, upload_header::complete,
                                   upload_header::offset, optional(upload_header::length), upload_header::limit}}},
                     .keyed = false,  // what can be resumed need not be begun again
                     .chosen_by = "Upload-Complete",
                     .options = {{"Upload-Limit", limit}}};
    create.errors.push_back(too_many_uploads);
    routes.add<create_content_resumable>(create, schema_of<ContentView>());
    create.path = "/uploads";
    create.tag = "upload";
    routes.add<begin_resumable_upload>(create, schema_of<ContentView>());

    routes.add<find_upload_offset>(
        {.method = Method::head,
         .path = "/uploads/{upload_id}",
         .tag = "upload",
         .summary = "How far a resumable upload has come",
         .description = "Ends a request that is appending, and waits until its bytes are safe. The right in the "
                        "address suffices; without it the caller must own the upload or be an administrator.",
         .access = Access::optional,
         .scope = Scope::content_write,
         .success = 204,
         .errors = {upload_not_found, upload_expired, upload_cancelled, upload_lost, upload_locked, not_authenticated,
                    forbidden},
         .answers = {{204,
                      "",
                      "How far it has come",
                      {answer_header::cache_control, upload_header::offset, upload_header::complete,
                       optional(upload_header::length), upload_header::limit}}}});
    Operation append{.method = Method::patch,
                     .path = "/uploads/{upload_id}",
                     .tag = "upload",
                     .summary = "Append to an upload",
                     .description =
                         "The last one, with `Upload-Complete: ?1`, is answered as `POST /content` is. What "
                         "arrives is kept when the connection is cut, unless `Content-Digest` was stated.",
                     .access = Access::optional,
                     .scope = Scope::content_write,
                     .body_limit = limited_by_service,
                     .over_limit = upload_too_large,
                     .success = 201,
                     .headers = {answer_header::location, upload_header::complete},
                     .errors = errors_of_bytes(),
                     .answers = {{204,
                                  "",
                                  "The bytes are safe, and the upload is not complete; or it was a part of another",
                                  {answer_header::cache_control, upload_header::complete, upload_header::offset,
                                   optional(upload_header::length), upload_header::limit}}},
                     .keyed = false,
                     .options = {{"Upload-Limit", limit},
                                 {"Accept-Patch", "application/partial-upload, application/offset+octet-stream"}}};
    append.errors.insert(append.errors.end(), {upload_offset_mismatch, upload_is_final, content_not_found});
    routes.add<append_to_upload>(append, schema_of<ContentView>());
}

namespace {

/// Whether the file itself was refused: no resumption would help, and the answer is that of the resource at which the
/// upload was begun ("Completeness").
bool refuses_file(ErrorCode code) noexcept {
    using enum ErrorCode;
    constexpr ErrorCode of_the_file[] = {media_unrecognised, media_kind_mismatch, media_truncated,
                                         media_unsupported,  media_probe_timeout, digest_mismatch};
    return std::ranges::find(of_the_file, code) != std::end(of_the_file);
}

std::string upload_limit(ResumableUploadService const& uploads) {
    return "max-size=" + std::to_string(uploads.max_size());
}

/// An error as this protocol states it.
Error in_terms_of_protocol(ResumableUploadService const& uploads, Error error) {
    using enum ErrorCode;
    auto const code = error.code;
    bool const is_about_length = code == upload_length_mismatch || code == upload_length_exceeded;
    if (is_about_length) error.problem_type = inconsistent_length_type;
    if (code == upload_too_large) error.fields.emplace_back("Upload-Limit", upload_limit(uploads));
    return error.with("Upload-Complete", refuses_file(code) ? "?1" : "?0");
}

/// The value of a field; empty when the field is absent or malformed.
template <class Field, class Parse>
auto stated(Field const& field, Parse parse) -> decltype(parse(std::string_view())) {
    if (!field) return std::nullopt;
    return parse(field->value());
}

/// "Its value is a non-negative Integer. Other values MUST cause the entire header field to be ignored."
std::optional<std::uint64_t> parse_size(std::string_view field) {
    auto const number = parse_integer_item(field);
    return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

/// Bytes of the content of a request, if its head states them.
std::optional<std::uint64_t> content_size(RequestHead const& head) {
    if (head.framing == BodyFraming::chunked) return std::nullopt;
    return head.framing == BodyFraming::length ? head.content_length : 0;
}

/// The length of the file as far as the request states it ("Length").
Result<std::optional<std::uint64_t>> stated_length(RequestHead const& head, std::optional<std::uint64_t> stated,
                                                   std::uint64_t offset, bool completes) {
    auto const size = content_size(head);
    if (!completes || !size) return stated;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    auto const end = *size > most - offset ? most : offset + *size;
    if (stated && *stated != end) return Error(ErrorCode::upload_length_mismatch);
    return std::optional(end);
}

/// The interim answers to one request, for a client that speaks our version of the draft.
class InterimAnswers {
public:
    template <class Field>
    InterimAnswers(Request const& request, Field const& interop_version)
        : request_(request),
          // HTTP/1.0 has no interim answers (RFC 9110 section 15.2).
          are_wanted_(request.head.version == Version::http_1_1 &&
                      stated(interop_version, parse_integer_item) == upload_interop_version) {}

    bool are_wanted() const noexcept { return are_wanted_; }

    Task<> announce(std::string const& address, std::string const& limit) {
        if (!are_wanted_) co_return;
        auto headers = begin();
        headers.add("Location", address);
        headers.add("Upload-Limit", limit);
        co_await request_.send_interim(status, headers);
    }

    /// At most one a second.
    Task<> tell(std::uint64_t offset) {
        auto const at = std::chrono::steady_clock::now();
        if (!are_wanted_ || at - told_ < std::chrono::seconds(1)) co_return;
        told_ = at;
        auto headers = begin();
        headers.add("Upload-Offset", std::to_string(offset));
        co_await request_.send_interim(status, headers);
    }

private:
    static constexpr int status = 104;

    static HeaderBlock begin() {
        HeaderBlock headers;
        headers.add("Upload-Draft-Interop-Version", std::to_string(upload_interop_version));
        return headers;
    }

    Request const& request_;
    bool are_wanted_;
    std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

/// The content of a request as a chunk. The request and `interim` must outlive it.
Chunk chunk_of(Request& request, InterimAnswers& interim) {
    auto& body = request.body.get();
    Chunk chunk{.bytes = body};
    chunk.interrupt = [&body] { body.interrupt(); };
    chunk.progress = [&interim](std::uint64_t offset) { return interim.tell(offset); };
    if (auto const digest = stated_sha256(request.head, "Content-Digest")) {
        chunk.checksum_algorithm = "sha256";
        chunk.checksum = [digest = *digest]() -> Result<std::optional<ChunkChecksum>> {
            return std::optional(ChunkChecksum{"sha256", std::string(digest.begin(), digest.end())});
        };
    }
    return chunk;
}

/// Appends. An upload that is sent bytes beyond its length is invalid from then on ("Upload Append").
Task<Result<UploadStatus>> append(ResumableUploadService& uploads, UploadReference const& reference, Chunk chunk) {
    auto status = co_await uploads.append(reference, std::move(chunk));
    if (!status && status.error().code == ErrorCode::upload_length_exceeded) {
        auto const now = co_await uploads.peek(reference);
        if (now && now->upload.state == ResumableState::open) co_await uploads.cancel(reference);
    }
    co_return status;
}

/// The answer of the resource at which the upload was begun.
Response answer_with_content(Content content, std::string_view base_url) {
    auto created = created_content(std::move(content), base_url);
    std::string text;
    write_json(text, created.value);
    auto response = json_response(201, std::move(text));
    response.headers.append(created.headers);
    response.headers.add("Upload-Complete", "?1");
    return response;
}

/// Only the owner and admins find an upload without the right in its address.
Result<UploadReference> reference_to(Request const& request, UploadPathValue const& path) {
    if (path.value().right.empty() && !request.caller) return Error(ErrorCode::not_authenticated);
    return reference_of(request, path.value());
}

Task<Result<Response>> create_at_once(Services& services, Request& request, UploadDescription const& description,
                                      std::optional<std::uint64_t> length) {
    auto content = co_await receive_file(services, request, description, length);
    if (!content) co_return in_terms_of_protocol(services.resumable_uploads, content.error());
    co_return answer_with_content(std::move(*content), request.base_url);
}

Response answer_with_address(ResumableUploadService const& uploads, ResumableUpload const& upload,
                             std::string const& address, std::string_view base_url) {
    Response response;
    response.status = 201;
    response.headers.add("Location", address);
    response.headers.add("Content-Location", std::string(base_url) + "/content/" + upload.id.to_string());
    add_upload_state(response.headers, uploads, upload);
    return response;
}

}  // namespace

void add_upload_state(HeaderBlock& headers, ResumableUploadService const& uploads, ResumableUpload const& upload) {
    headers.add("Upload-Offset", std::to_string(upload.offset));
    headers.add("Upload-Complete", upload.state == ResumableState::open ? "?0" : "?1");
    if (upload.length) headers.add("Upload-Length", std::to_string(*upload.length));
    auto const left = std::chrono::floor<std::chrono::seconds>(upload.expires_at - now());
    auto const age = std::max<std::int64_t>(0, left.count());
    headers.add("Upload-Limit", upload_limit(uploads) + ", max-age=" + std::to_string(age));
}

Task<Result<Response>> create_content_resumable(Services& services, Request& request, ResumableContentRequest wanted) {
    auto& uploads = services.resumable_uploads;
    auto description = describe_file(request, wanted);
    if (!description) co_return description.error();
    bool const completes = stated(wanted.upload_complete, parse_boolean_item).value_or(true);
    auto const length = stated_length(request.head, stated(wanted.upload_length, parse_size), 0, completes);
    if (!length) co_return in_terms_of_protocol(uploads, length.error());
    if (*length > uploads.max_size()) {
        co_return in_terms_of_protocol(uploads, Error(ErrorCode::upload_too_large));
    }
    InterimAnswers interim(request, wanted.upload_draft_interop_version);
    // A client that cannot be told of the upload could not resume it, and it would only use up the account's room.
    if (completes && !interim.are_wanted()) co_return co_await create_at_once(services, request, *description, *length);

    NewResumableUpload stated_upload;
    stated_upload.description = std::move(*description);
    stated_upload.length = *length;
    stated_upload.sha256 = stated_sha256(request.head, "Repr-Digest");
    auto begun = co_await uploads.begin(*request.caller, std::move(stated_upload));
    if (!begun) co_return in_terms_of_protocol(uploads, begun.error());
    auto const address = upload_address(request.base_url, begun->upload.id, begun->right);
    co_await interim.announce(address, upload_limit(uploads) + ", max-age=" + std::to_string(uploads.life().count()));

    UploadReference const reference{begun->upload.id, begun->right, request.caller, origin_of(request)};
    auto chunk = chunk_of(request, interim);
    chunk.completes = completes;
    Result<UploadStatus> status = Error(ErrorCode::internal);
    if (interim.are_wanted()) {
        status = co_await append(uploads, reference, std::move(chunk));
    } else {
        status = co_await uploads.append_first(reference, std::move(chunk));
    }
    if (!status) co_return in_terms_of_protocol(uploads, status.error());
    if (status->content) co_return answer_with_content(std::move(*status->content), request.base_url);
    co_return answer_with_address(uploads, status->upload, address, request.base_url);
}

Task<Result<Response>> begin_resumable_upload(Services& services, Request& request, ResumableContentRequest wanted) {
    return create_content_resumable(services, request, std::move(wanted));
}

Task<Result<Response>> find_upload_offset(Services& services, Request& request, UploadOffsetRequest wanted) {
    auto const reference = reference_to(request, *wanted.upload_id);
    if (!reference) co_return reference.error();
    auto const status = co_await services.resumable_uploads.find(*reference);
    if (!status) co_return in_terms_of_protocol(services.resumable_uploads, status.error());
    auto response = no_content();
    add_upload_state(response.headers, services.resumable_uploads, status->upload);
    co_return response;
}

Task<Result<Response>> append_to_upload(Services& services, Request& request, AppendRequest wanted) {
    auto& uploads = services.resumable_uploads;
    auto const reference = reference_to(request, *wanted.upload_id);
    if (!reference) co_return reference.error();
    auto const offset = stated(wanted.upload_offset, parse_size);
    auto const completes = stated(wanted.upload_complete, parse_boolean_item);
    if (!offset || !completes) {
        co_return Error(ErrorCode::bad_request, "An append states Upload-Offset and Upload-Complete.");
    }
    auto const length = stated_length(request.head, stated(wanted.upload_length, parse_size), *offset, *completes);
    if (!length) co_return in_terms_of_protocol(uploads, length.error());
    InterimAnswers interim(request, wanted.upload_draft_interop_version);
    auto chunk = chunk_of(request, interim);
    chunk.offset = *offset;
    chunk.length = *length;
    chunk.completes = completes;
    auto status = co_await append(uploads, *reference, std::move(chunk));
    if (!status) co_return in_terms_of_protocol(uploads, status.error());
    if (status->content) co_return answer_with_content(std::move(*status->content), request.base_url);
    auto response = no_content();
    add_upload_state(response.headers, uploads, status->upload);
    co_return response;
}

}  // namespace clinikk::api
