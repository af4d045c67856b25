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

/// A value as it was sent under one name. Values from a form or a query are always `text`.
using InputField = JsonMember;

/// A field of text.
inline InputField text_field(std::string name, std::string text) {
    JsonValue value;
    value.kind = JsonValue::Kind::text;
    value.text = std::move(text);
    return {std::move(name), std::move(value)};
}

/// Everything in a request except its file or raw body. It must not outlive the head of the request.
struct Input {
    std::vector<InputField> path{};
    std::vector<InputField> query{};
    std::vector<InputField> body{};
    RequestHead const* head = nullptr;  ///< for header fields and cookies; may be null
    RequestBody* raw_body = nullptr;    ///< of an operation that takes a raw body
    /// JSON: kinds must match, and unknown members are refused. Forms: every value is text, and unknown fields are
    /// ignored.
    bool json_body = false;
};

/// Reads path, query and body of a request, the body in any form that the operation takes. It must be small, since it
/// is held in memory; of a raw body only the media type is checked. Fails with `unsupported_media_type`,
/// `malformed_json`, `malformed_multipart`, or with the error of the body.
Task<Result<Input>> read_input(Request& request);

/// Reads path and query only.
Result<Input> read_parameters(Request const& request);

}  // namespace clinikk::http
