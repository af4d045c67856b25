#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async/task.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "http/endpoint/request.hpp"

namespace clinikk::http {

/// What was sent under one name, before it is understood. What comes in a form or a query is always `text`.
using InputField = JsonMember;

/// What came as text.
inline InputField text_field(std::string name, std::string text) {
    JsonValue value;
    value.kind = JsonValue::Kind::text;
    value.text = std::move(text);
    return {std::move(name), std::move(value)};
}

/// Everything a request says besides its file or raw body. It lives no longer than the request's head.
struct Input {
    std::vector<InputField> path{};
    std::vector<InputField> query{};
    std::vector<InputField> body{};
    RequestHead const* head = nullptr;  ///< for the header fields and cookies; none gives none of them
    RequestBody* raw_body = nullptr;    ///< of an operation that takes its body as it comes
    /// JSON: kinds must match and unknown members are refused. Forms: all is text and unknown fields are ignored.
    bool json_body = false;
};

/// Path, query and body of a request whose operation takes small bodies; the body in any of the operation's forms. Of
/// a raw body only the media type is looked at.
/// Fails with `unsupported_media_type`, `malformed_json`, `malformed_multipart`, or as the body itself.
Task<Result<Input>> read_input(Request& request);

/// Path and query only.
Result<Input> read_parameters(Request const& request);

}  // namespace clinikk::http
