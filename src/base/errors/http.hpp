#pragma once

#include <array>

#include "base/error.hpp"

namespace clinikk::errors {

/// Faults of a request that have nothing to do with a resource.
inline constexpr std::array http_errors{
    ErrorKind{ErrorCode::bad_request, "bad_request", 400, "Malformed request",
              "The request is not valid HTTP, or its framing is ambiguous. Send it again in a valid form."},
    ErrorKind{ErrorCode::malformed_json, "malformed_json", 400, "Malformed JSON",
              "The body is not one valid JSON object (RFC 8259). Check the position that the detail names."},
    ErrorKind{ErrorCode::malformed_multipart, "malformed_multipart", 400, "Malformed multipart body",
              "The body is not a valid multipart/form-data message (RFC 7578), or it ended early."},
    ErrorKind{ErrorCode::not_found, "not_found", 404, "Not Found", "There is nothing at this address."},
    ErrorKind{
        ErrorCode::method_not_allowed, "method_not_allowed", 405, "Method Not Allowed",
        "The address exists but does not support this method; the Allow field lists the methods that it supports."},
    ErrorKind{ErrorCode::request_timeout, "request_timeout", 408, "Request timed out",
              "The request arrived too slowly. Send it again over a better connection."},
    ErrorKind{ErrorCode::length_required, "length_required", 411, "Length required",
              "The request needs a Content-Length or a chunked transfer coding."},
    ErrorKind{ErrorCode::precondition_failed, "precondition_failed", 412, "Precondition failed",
              "The stored bytes do not satisfy If-Match or If-Unmodified-Since."},
    ErrorKind{ErrorCode::body_too_large, "body_too_large", 413, "Request body too large",
              "The body is larger than this operation accepts."},
    ErrorKind{ErrorCode::uri_too_long, "uri_too_long", 414, "URI too long", "The request target is too long."},
    ErrorKind{ErrorCode::unsupported_media_type, "unsupported_media_type", 415, "Unsupported media type",
              "The operation does not accept a body of this Content-Type."},
    ErrorKind{ErrorCode::unsupported_content_coding, "unsupported_content_coding", 415, "Unsupported content coding",
              "The service does not decode bodies: send this one without Content-Encoding. Accept-Encoding lists the "
              "codings that it accepts."},
    ErrorKind{ErrorCode::range_not_satisfiable, "range_not_satisfiable", 416, "Range not satisfiable",
              "No requested range lies within the stored bytes; Content-Range states their size."},
    ErrorKind{ErrorCode::expectation_failed, "expectation_failed", 417, "Expectation failed",
              "Only `Expect: 100-continue` is understood."},
    ErrorKind{ErrorCode::validation_failed, "validation_failed", 422, "Validation failed",
              "Some members of the input are missing or wrong; `errors` lists each of them."},
    ErrorKind{ErrorCode::headers_too_large, "headers_too_large", 431, "Request header fields too large",
              "The header section has too many fields or too many bytes."},
    ErrorKind{ErrorCode::not_implemented, "not_implemented", 501, "Not implemented",
              "The service does not know the method or the transfer coding."},
    ErrorKind{ErrorCode::version_not_supported, "version_not_supported", 505, "HTTP version not supported",
              "The service supports only HTTP/1.1 and HTTP/1.0."},
};

}  // namespace clinikk::errors
