#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "domain/direct_uploads.hpp"

/// Readers for the answers of the REST API of Amazon S3, without I/O. They return an empty optional when the text is
/// not the expected XML.
namespace clinikk::s3 {

struct ErrorAnswer {
    std::string code;  ///< `NoSuchKey`, `SlowDown`
    std::string message;
};

/// An `<Error>` document, whatever the status of the answer is.
std::optional<ErrorAnswer> parse_error(std::string_view body);

/// The upload id of an InitiateMultipartUploadResult.
std::optional<std::string> parse_upload_id(std::string_view body);

/// Returns whether it is a CompleteMultipartUploadResult. Not every server puts an ETag into it.
bool is_completed(std::string_view body);

/// The ETag in a CopyPartResult.
std::optional<std::string> parse_etag(std::string_view body);

struct ListedObjects {
    std::vector<std::string> keys{};
    bool is_truncated = false;
};
/// A ListBucketResult.
std::optional<ListedObjects> parse_objects(std::string_view body);

struct ListedUpload {
    std::string key{};
    std::string upload_id{};
};
/// A ListMultipartUploadsResult.
std::optional<std::vector<ListedUpload>> parse_uploads(std::string_view body);

struct ListedParts {
    std::vector<StoredPart> parts{};
    std::optional<int> next{};  ///< the number after which the next page begins; none: this is the last page
};
/// A ListPartsResult. Also empty when a part has no number from 1 to 10 000, no size or no ETag.
std::optional<ListedParts> parse_parts(std::string_view body);

}  // namespace clinikk::s3
