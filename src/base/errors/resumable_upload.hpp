#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Uploads by tus 1.0.0 and by the IETF's protocol.
inline constexpr std::array resumable_upload_errors{
    ErrorKind{ErrorCode::upload_locked, "upload_locked", 423, "Upload is locked",
              "Another request is appending to this upload and has not let go of it in time. Ask for the offset with "
              "HEAD, and go on from there."},
    ErrorKind{ErrorCode::upload_lost, "upload_lost", 410, "Upload was lost",
              "The store no longer has bytes that had arrived. Begin another upload."},
    ErrorKind{ErrorCode::upload_expired, "upload_expired", 410, "Upload has expired",
              "The upload was not completed in time (UPLOAD_EXPIRES), and its bytes were removed. Begin another one."},
    ErrorKind{ErrorCode::upload_cancelled, "upload_cancelled", 410, "Upload was cancelled",
              "The upload was cancelled by its client, and its bytes were removed. Begin another one."},
    ErrorKind{ErrorCode::upload_offset_mismatch, "upload_offset_mismatch", 409, "Offset does not match",
              "The request begins at another offset than the upload has reached. Ask for the offset with HEAD, and go "
              "on from there."},
    ErrorKind{ErrorCode::upload_length_mismatch, "upload_length_mismatch", 400, "Length does not match",
              "The length differs from the one that was stated before, or from the bytes that were sent."},
    ErrorKind{ErrorCode::upload_length_exceeded, "upload_length_exceeded", 400, "More bytes than announced",
              "The request carries bytes beyond the announced length of the upload. Nothing beyond it was taken."},
    ErrorKind{ErrorCode::upload_is_final, "upload_is_final", 403, "Final upload takes no bytes",
              "This upload joins others. It takes no bytes of its own."},
    ErrorKind{ErrorCode::upload_checksum_unsupported, "upload_checksum_unsupported", 400, "Unknown checksum algorithm",
              "The service checks sha1, sha256, sha512 and md5 (Tus-Checksum-Algorithm)."},
    ErrorKind{ErrorCode::upload_checksum_mismatch, "upload_checksum_mismatch", 460, "Checksum does not match",
              "The bytes of this request differ from their checksum. They were dropped; send them again."},
    ErrorKind{ErrorCode::upload_metadata_malformed, "upload_metadata_malformed", 400, "Malformed Upload-Metadata",
              "Upload-Metadata is a comma-separated list of pairs: a key, a space, and the value in base64. Keys are "
              "unique."},
    ErrorKind{ErrorCode::upload_concat_invalid, "upload_concat_invalid", 400, "Uploads cannot be joined",
              "Upload-Concat is `partial`, or `final;` and the addresses of complete partial uploads of the same "
              "account."},
    ErrorKind{ErrorCode::tus_version_unsupported, "tus_version_unsupported", 412, "Unsupported tus version",
              "The service speaks tus 1.0.0: send `Tus-Resumable: 1.0.0`."},
};

}  // namespace clinikk::errors
