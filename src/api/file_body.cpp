#include "api/file_body.hpp"

#include "api/content.hpp"
#include "api/routes.hpp"
#include "base/described.hpp"
#include "domain/file_name.hpp"
#include "http/message/content_disposition.hpp"
#include "http/message/digest_fields.hpp"

namespace clinikk::api {

void add_file_body_routes(Routes& routes) {
    using enum ErrorCode;
    routes.add_repeatable<create_content_raw, created_again>(
        {.method = Method::post,
         .path = "/content",
         .tag = "content",
         .summary = "Upload a file as the body",
         .description = "The fields of the content stand in the query. Without `title` it is the name of the file, and "
                        "without `content_type` the kind follows from `Content-Type`. The file is examined as it "
                        "arrives, as in a form.",
         .access = Access::editor,
         .scope = Scope::content_write,
         .body_limit = routes.max_file_size(),
         .over_limit = upload_too_large,
         .success = 201,
         .headers = {answer_header::location},
         .errors = {upload_interrupted, quota_exceeded, media_unrecognised, media_kind_mismatch, media_truncated,
                    media_unsupported, media_probe_timeout, too_many_uploads, insufficient_storage, digest_mismatch,
                    upload_checksum_mismatch},
         .chosen_by_type = "video/*, audio/*, application/octet-stream"});
}

namespace {

/// The body of a request, held against the digests that its head states, and against a length.
class CheckedBody : public ByteSource {
public:
    CheckedBody(Request& request, std::optional<std::uint64_t> length)
        : body_(request.body),
          length_(length),
          content_digest_(stated_sha256(request.head, "Content-Digest")),
          repr_digest_(stated_sha256(request.head, "Repr-Digest")) {}

    Task<Result<std::string_view>> next() override {
        auto piece = co_await body_.next();
        if (!piece) co_return piece;
        size_ += piece->size();
        bool const has_length = !length_ || (piece->empty() ? size_ == *length_ : size_ <= *length_);
        if (!has_length) co_return Error(ErrorCode::upload_length_mismatch);
        if (!(content_digest_ || repr_digest_)) co_return piece;
        if (!piece->empty()) {
            hash_.update(*piece);
            co_return piece;
        }
        auto const right = check();
        if (!right) co_return right.error();
        co_return piece;
    }

private:
    /// At the end of the body, once.
    Result<void> check() {
        auto const digest = hash_.finish();
        bool const is_content = !content_digest_ || digest == *content_digest_;
        bool const is_file = !repr_digest_ || digest == *repr_digest_;
        content_digest_.reset();
        repr_digest_.reset();
        if (!is_content) return Error(ErrorCode::upload_checksum_mismatch);
        if (!is_file) return Error(ErrorCode::digest_mismatch);
        return {};
    }

    RequestBody& body_;
    std::optional<std::uint64_t> length_;
    std::uint64_t size_ = 0;
    std::optional<Sha256Digest> content_digest_;
    std::optional<Sha256Digest> repr_digest_;
    Sha256 hash_;
};

/// Adapts a body to the upload that the service pulls.
class BodyUpload : public IncomingUpload {
public:
    BodyUpload(Request& request, UploadDescription const& description, std::optional<std::uint64_t> length)
        : request_(request), description_(description), length_(length), body_(request, length) {}

    std::optional<std::uint64_t> announced_size() const override {
        if (request_.head.framing != BodyFraming::length) return length_;
        return request_.head.content_length;
    }
    Task<Result<IncomingFile>> file() override {
        IncomingFile file{&body_, description_.file_name, description_.disposition};
        co_return file;
    }
    Task<Result<ContentDescription>> description() override {
        ContentDescription description = description_;
        co_return description;
    }

private:
    Request const& request_;
    UploadDescription const& description_;
    std::optional<std::uint64_t> length_;
    CheckedBody body_;
};

}  // namespace

Result<UploadDescription> describe_file(Request const& request, FileFields const& fields) {
    auto content = fields.content;
    auto const derive = [&](std::string_view name, std::string_view text) {
        if (!content.has(name)) content.add(std::string(name), std::string(text));
    };
    auto const name =
        fields.content_disposition ? stated_file_name(fields.content_disposition->value()) : std::string();
    auto const last_name = without_directories(name);
    auto const kind = kind_of_media_type(request.head.find("Content-Type"));
    if (!last_name.empty()) derive("title", last_name);
    if (!kind.empty()) derive("content_type", kind);
    derive("description", "");
    auto const bound = bind_query(content);
    if (!bound) return bound.error();
    return UploadDescription{from_members<ContentDescription>(*bound), name, inline_header(last_name)};
}

Task<Result<Content>> receive_file(Services& services, Request& request, UploadDescription const& description,
                                   std::optional<std::uint64_t> length) {
    BodyUpload upload(request, description, length);
    co_return co_await services.uploads.receive(*request.caller, upload);
}

Task<Result<Reply<ContentView>>> create_content_raw(Services& services, Request& request, RawContentRequest wanted) {
    auto const description = describe_file(request, wanted);
    if (!description) co_return description.error();
    auto content = co_await receive_file(services, request, *description);
    if (!content) co_return content.error();
    co_return created_content(std::move(*content), request.base_url);
}

}  // namespace clinikk::api
