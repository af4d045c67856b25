#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/value_schema.hpp"

/// The header fields of answers, as operations declare them and the OpenAPI document lists them. Framing fields and
/// `Content-Type` are not among them: the connection writes the former, and the media type of the content states the
/// latter.
namespace clinikk::http {

/// A header field of an answer.
struct AnswerHeader {
    std::string_view name;
    std::string_view description;
    std::string_view pattern{};  ///< ECMA-262, anchored where the whole value counts
    ValueSchema::Type type = ValueSchema::Type::string;
    bool required = true;  ///< every answer with the status has it
};

/// The same field for statuses of which some answers do not have it.
constexpr AnswerHeader optional(AnswerHeader header) noexcept {
    header.required = false;
    return header;
}

namespace answer_header {

inline constexpr AnswerHeader accept_ranges{"Accept-Ranges", "Parts can be asked for with `Range`", "^bytes$"};
inline constexpr AnswerHeader cache_control{"Cache-Control", "Who may keep the answer, and for how long"};
inline constexpr AnswerHeader content_disposition{"Content-Disposition", "The name to save the bytes under",
                                                  "^attachment;"};
inline constexpr AnswerHeader content_location{"Content-Location", "The address of the content: a URI reference",
                                               "^([A-Za-z][A-Za-z0-9+.-]*:|/)\\S*$"};
inline constexpr AnswerHeader content_range{"Content-Range", "Which bytes of how many (RFC 9110 section 14.4)",
                                            "^bytes ([0-9]+-[0-9]+|\\*)/[0-9]+$"};
inline constexpr AnswerHeader cross_origin_resource_policy{
    "Cross-Origin-Resource-Policy", "Pages of other sites may embed the media", "^cross-origin$"};
inline constexpr AnswerHeader etag{"ETag", "A strong validator: the SHA-256 of the bytes", "^\"[0-9a-f]{64}\"$"};
inline constexpr AnswerHeader last_modified{"Last-Modified", "When the bytes were stored, as an HTTP date", " GMT$"};
inline constexpr AnswerHeader link{"Link", "The next page (RFC 8288); none on the last one", "^<[^>]+>; rel=\"next\"$"};
inline constexpr AnswerHeader location{"Location", "The address to go to: a URI reference",
                                       "^([A-Za-z][A-Za-z0-9+.-]*:|/)\\S*$"};
inline constexpr AnswerHeader repr_digest{"Repr-Digest", "The SHA-256 of the whole file (RFC 9530)",
                                          "^sha-256=:[A-Za-z0-9+/]{43}=:$"};

inline constexpr AnswerHeader upload_complete{"Upload-Complete", "Whether the answer is the outcome of the whole file",
                                              "^\\?[01]$"};
inline constexpr AnswerHeader upload_limit{"Upload-Limit", "What an upload may be: bytes, and seconds from now",
                                           "^[a-z-]+=[0-9]+(, [a-z-]+=[0-9]+)*$"};
inline constexpr AnswerHeader upload_offset{
    "Upload-Offset", "Bytes that are stored durably", {}, ValueSchema::Type::integer};

}  // namespace answer_header

/// Fields that the pipeline adds to every answer, and fields that it may add.
std::span<AnswerHeader const> headers_of_every_answer() noexcept;

/// Fields of a JSON answer, which may be compressed.
std::span<AnswerHeader const> headers_of_json() noexcept;

/// Fields of the problem documents with one status and those codes. A field that only some of the codes have is
/// optional.
std::vector<AnswerHeader> headers_of_problem(int status, std::span<ErrorCode const> codes);

}  // namespace clinikk::http
