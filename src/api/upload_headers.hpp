#pragma once

#include "http/endpoint/answer_header.hpp"

/// The header fields of answers about uploads, as operations declare them.
namespace clinikk::api::upload_header {

using http::answer_header::content_location;

inline constexpr auto offset = http::answer_header::upload_offset;
inline constexpr http::AnswerHeader length{
    "Upload-Length", "Bytes of the whole file, once they are known", {}, ValueSchema::Type::integer};

// Of the IETF's protocol.
inline constexpr auto complete = http::answer_header::upload_complete;
inline constexpr auto limit = http::answer_header::upload_limit;

// Of tus.
inline constexpr http::AnswerHeader concat{"Upload-Concat", "The part of the upload in a concatenation, as it came"};
inline constexpr http::AnswerHeader defer_length{"Upload-Defer-Length", "The length is not known yet", "^1$"};
inline constexpr http::AnswerHeader expires{"Upload-Expires", "Until when the upload waits for bytes, as an HTTP date",
                                            " GMT$"};
inline constexpr http::AnswerHeader metadata{"Upload-Metadata", "What was stated of the file, as it came"};

}  // namespace clinikk::api::upload_header
