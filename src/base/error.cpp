#include "base/error.hpp"

#include <algorithm>
#include <array>

namespace clinikk {
namespace {

using enum ErrorCode;

constexpr std::array catalogue{
    ErrorKind{bad_request, "bad_request", 400, "Malformed request",
              "The request is not valid HTTP, or its framing is ambiguous. Send it again in a valid form."},
    ErrorKind{malformed_json, "malformed_json", 400, "Malformed JSON",
              "The body is not one valid JSON object (RFC 8259). Check the position that the detail names."},
    ErrorKind{malformed_multipart, "malformed_multipart", 400, "Malformed multipart body",
              "The body is not a valid multipart/form-data message (RFC 7578), or it ended early."},
    ErrorKind{not_authenticated, "not_authenticated", 401, "Not authenticated",
              "The operation needs a valid access token: send it as `Authorization: Bearer <token>`. "
              "Tokens come from POST /auth/token and expire."},
    ErrorKind{credentials_invalid, "credentials_invalid", 401, "Incorrect email or password",
              "No active account has this e-mail address and password."},
    ErrorKind{forbidden, "forbidden", 403, "Not permitted",
              "The account is known but may not do this: only the owner or an administrator may."},
    ErrorKind{not_found, "not_found", 404, "Not Found", "There is nothing at this address."},
    ErrorKind{content_not_found, "content_not_found", 404, "Content not found",
              "No content has this id; it may have been deleted."},
    ErrorKind{source_unavailable, "source_unavailable", 404, "Nothing to play",
              "The content is known, but its bytes are not where it says they are, and it has no address that could be "
              "fetched instead. Upload them again."},
    ErrorKind{upload_not_found, "upload_not_found", 404, "Upload not found",
              "No upload of this account has this id: it was aborted, has expired, or ended long ago. Begin another."},
    ErrorKind{method_not_allowed, "method_not_allowed", 405, "Method Not Allowed",
              "The address exists but does not take this method; the Allow field lists those it takes."},
    ErrorKind{request_timeout, "request_timeout", 408, "Request timed out",
              "The request came too slowly. Send it again over a better connection."},
    ErrorKind{email_taken, "email_taken", 409, "Email already registered",
              "An account with this e-mail address exists. Log in instead, or use another address."},
    ErrorKind{upload_interrupted, "upload_interrupted", 409, "Upload interrupted",
              "The upload was taken away while it was under way, because its lease ran out. Send it again."},
    ErrorKind{upload_busy, "upload_busy", 409, "Upload is being completed",
              "Another request is completing this upload. Ask again in a while: once it is done, the same request "
              "answers with the content."},
    ErrorKind{direct_upload_unavailable, "direct_upload_unavailable", 409, "Direct upload is not available",
              "This service keeps new media on its own disk, not in a bucket. Send the file to POST /content instead."},
    ErrorKind{length_required, "length_required", 411, "Length required",
              "The request needs a Content-Length or a chunked transfer coding."},
    ErrorKind{precondition_failed, "precondition_failed", 412, "Precondition failed",
              "The stored bytes do not satisfy If-Match or If-Unmodified-Since."},
    ErrorKind{body_too_large, "body_too_large", 413, "Request body too large",
              "The body is larger than this operation takes."},
    ErrorKind{upload_too_large, "upload_too_large", 413, "File too large",
              "The file is larger than the service accepts (MAX_UPLOAD_SIZE)."},
    ErrorKind{quota_exceeded, "quota_exceeded", 413, "Quota exceeded",
              "The account's storage quota would be exceeded. Delete something first."},
    ErrorKind{uri_too_long, "uri_too_long", 414, "URI too long", "The request target is too long."},
    ErrorKind{unsupported_media_type, "unsupported_media_type", 415, "Unsupported media type",
              "The operation does not take a body of this Content-Type."},
    ErrorKind{unsupported_content_coding, "unsupported_content_coding", 415, "Unsupported content coding",
              "Bodies are taken as they are: send this one without Content-Encoding. Accept-Encoding lists the codings "
              "that are taken."},
    ErrorKind{range_not_satisfiable, "range_not_satisfiable", 416, "Range not satisfiable",
              "No requested range lies within the stored bytes; Content-Range tells their size."},
    ErrorKind{expectation_failed, "expectation_failed", 417, "Expectation failed",
              "Only `Expect: 100-continue` is understood."},
    ErrorKind{validation_failed, "validation_failed", 422, "Validation failed",
              "Some members of the input are missing or not acceptable; `errors` lists each of them."},
    ErrorKind{parts_mismatch, "parts_mismatch", 422, "Parts do not match",
              "The parts in the bucket are not those that were announced and listed. Send what is missing or different "
              "again, and complete the upload then."},
    ErrorKind{digest_mismatch, "digest_mismatch", 422, "Digest does not match",
              "The bytes in the bucket have another SHA-256 than the one given. They were removed; begin another "
              "upload."},
    ErrorKind{media_unrecognised, "media_unrecognised", 422, "Not a media file",
              "The bytes are of no video or audio format that the service knows. The file name and the claimed "
              "type do not matter."},
    ErrorKind{media_kind_mismatch, "media_kind_mismatch", 422, "Wrong kind of media",
              "The file has no playable track of the stated content_type."},
    ErrorKind{media_truncated, "media_truncated", 422, "Truncated media file",
              "The file's own tables point past its end: a part of it is missing. Export or copy it again."},
    ErrorKind{media_unsupported, "media_unsupported", 422, "Unsupported media",
              "The format is known but is not accepted, or its codecs are not."},
    ErrorKind{media_probe_timeout, "media_probe_timeout", 422, "Media could not be examined in time",
              "Reading the file's structure took too long. Remux it (for example with ffmpeg -c copy)."},
    ErrorKind{too_many_uploads, "too_many_uploads", 429, "Too many uploads at once",
              "The account has as many uploads under way as it may (MAX_UPLOADS_PER_USER). Wait for one to end."},
    ErrorKind{rate_limited, "rate_limited", 429, "Too many requests",
              "Too many requests in a short time. Wait as long as Retry-After says."},
    ErrorKind{headers_too_large, "headers_too_large", 431, "Request header fields too large",
              "The header section has too many fields or too many bytes."},
    ErrorKind{internal, "internal", 500, "Internal error",
              "The service failed. It is not the request's fault; the log has the cause under the instance id."},
    ErrorKind{not_implemented, "not_implemented", 501, "Not implemented",
              "The method or the transfer coding is not one that the service knows."},
    ErrorKind{unavailable, "unavailable", 503, "Temporarily unavailable",
              "The service is starting, stopping, overloaded, or without its database or storage. Try again "
              "later."},
    ErrorKind{version_not_supported, "version_not_supported", 505, "HTTP version not supported",
              "Only HTTP/1.1 and HTTP/1.0 are spoken here."},
    ErrorKind{insufficient_storage, "insufficient_storage", 507, "Insufficient storage",
              "The storage has no room for this file."},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < catalogue.size(); ++i) {
        if (static_cast<std::size_t>(catalogue[i].code) != i) return false;
    }
    return catalogue.size() == static_cast<std::size_t>(insufficient_storage) + 1;
}
static_assert(in_order(), "the catalogue lists every ErrorCode once, in order");

}  // namespace

std::span<ErrorKind const> error_catalogue() noexcept { return catalogue; }

ErrorKind const& describe(ErrorCode code) noexcept { return catalogue[static_cast<std::size_t>(code)]; }

ErrorKind const* find_error_kind(std::string_view name) noexcept {
    auto const* found = std::ranges::find(catalogue, name, &ErrorKind::name);
    return found == catalogue.end() ? nullptr : found;
}

void throw_exception_from_error(Error const& error, boost::source_location const& where) {
    throw UnexpectedError(std::string(describe(error.code).name) + " at " + where.file_name() + ":" +
                          std::to_string(where.line()));
}

}  // namespace clinikk
