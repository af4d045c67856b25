#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Uploads through the service and directly to the bucket.
inline constexpr std::array upload_errors{
    ErrorKind{ErrorCode::upload_not_found, "upload_not_found", 404, "Upload not found",
              "No upload of this account has this id: it was aborted, has expired, or ended long ago. Begin another."},
    ErrorKind{ErrorCode::upload_interrupted, "upload_interrupted", 409, "Upload interrupted",
              "Another request for the upload, or the end of the process, stopped this one. An upload that can be "
              "resumed keeps what has arrived: ask for its offset with HEAD, and go on. Send any other upload again."},
    ErrorKind{ErrorCode::upload_busy, "upload_busy", 409, "Upload is being completed",
              "Another request is completing this upload. Repeat the request later: it then returns the content."},
    ErrorKind{
        ErrorCode::direct_upload_unavailable, "direct_upload_unavailable", 409, "Direct upload is not available",
        "This service stores new media on its own disk and not in a bucket. Send the file to POST /content instead."},
    ErrorKind{ErrorCode::upload_too_large, "upload_too_large", 413, "File too large",
              "The file is larger than the service accepts (MAX_UPLOAD_SIZE)."},
    ErrorKind{ErrorCode::quota_exceeded, "quota_exceeded", 413, "Quota exceeded",
              "The file would exceed the storage quota of the account. Delete something first."},
    ErrorKind{ErrorCode::parts_mismatch, "parts_mismatch", 422, "Parts do not match",
              "The parts in the bucket differ from those that were announced and listed. Send missing and different "
              "parts again, and then complete the upload."},
    ErrorKind{ErrorCode::digest_mismatch, "digest_mismatch", 422, "Digest does not match",
              "The SHA-256 of the bytes that have arrived differs from the one given. The bytes were removed; begin "
              "another upload."},
    ErrorKind{
        ErrorCode::too_many_uploads, "too_many_uploads", 429, "Too many uploads at once",
        "The account has as many uploads under way as it may have (MAX_UPLOADS_PER_USER). Wait for one to end, or "
        "end one: GET /uploads lists them."},
};

}  // namespace clinikk::errors
