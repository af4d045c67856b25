#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/tus_upload.hpp"
#include "base/result.hpp"

/// Reading the requests of tus: the rules for their header fields, alone and together.
namespace clinikk::api {

/// The upload that a request asks for. Fails with `bad_request`, `upload_too_large`, `upload_metadata_malformed`,
/// `upload_concat_invalid`, with `validation_failed` about the metadata, and, where the head shows it, with
/// `upload_is_final` or `upload_length_exceeded` about the body.
Result<NewResumableUpload> read_creation(CreateTusUploadRequest const& wanted, RequestHead const& head,
                                         std::uint64_t max_size);

/// The value of Upload-Offset, which has to be there. Fails with `bad_request`.
Result<std::uint64_t> read_offset(UploadOffsetField const& field);

/// The value of Upload-Length, if there is one. Fails with `bad_request` or `upload_too_large`.
Result<std::optional<std::uint64_t>> read_length(UploadLengthField const& field, std::uint64_t max_size);

/// The checksum of a body.
struct BodyChecksum {
    std::string algorithm{};           ///< if it is known before the body has come
    decltype(Chunk::checksum) read{};  ///< empty without a checksum
};

/// The checksum of a request's body, in its head or in a trailer that the head announces. Fails with
/// `bad_request` or `upload_checksum_unsupported`, and so does reading it. The request must outlive it.
Result<BodyChecksum> checksum_of(Request& request);

/// Whether bytes follow the head.
bool has_body(RequestHead const& head);

}  // namespace clinikk::api
