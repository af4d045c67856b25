#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Uploads through the service and directly to the bucket.
inline constexpr std::array upload_errors{
    ErrorKind{ErrorCode::upload_not_found, "upload_not_found", 404, "Upload not found",
              "No upload of this account has this id: it was aborted, has expired, or ended long ago. Begin another."},
    ErrorKind{ErrorCode::upload_interrupted, "upload_interrupted", 409, "Upload interrupted",
              "The upload was taken away while it was under way, because its lease ran out. Send it again."},
    ErrorKind{ErrorCode::upload_busy, "upload_busy", 409, "Upload is being completed",
              "Another request is completing this upload. Ask again in a while: once it is done, the same request "
              "answers with the content."},
    ErrorKind{ErrorCode::direct_upload_unavailable, "direct_upload_unavailable", 409, "Direct upload is not available",
              "This service keeps new media on its own disk, not in a bucket. Send the file to POST /content instead."},
    ErrorKind{ErrorCode::upload_too_large, "upload_too_large", 413, "File too large",
              "The file is larger than the service accepts (MAX_UPLOAD_SIZE)."},
    ErrorKind{ErrorCode::quota_exceeded, "quota_exceeded", 413, "Quota exceeded",
              "The account's storage quota would be exceeded. Delete something first."},
    ErrorKind{ErrorCode::parts_mismatch, "parts_mismatch", 422, "Parts do not match",
              "The parts in the bucket are not those that were announced and listed. Send what is missing or different "
              "again, and complete the upload then."},
    ErrorKind{ErrorCode::digest_mismatch, "digest_mismatch", 422, "Digest does not match",
              "The bytes in the bucket have another SHA-256 than the one given. They were removed; begin another "
              "upload."},
    ErrorKind{ErrorCode::too_many_uploads, "too_many_uploads", 429, "Too many uploads at once",
              "The account has as many uploads under way as it may (MAX_UPLOADS_PER_USER). Wait for one to end."},
};

}  // namespace clinikk::errors
