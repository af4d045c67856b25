#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/json_object.hpp"
#include "base/result.hpp"
#include "http/endpoint/request.hpp"

namespace clinikk::http {

/// What was sent under one name, before it is understood. What comes in a form or a query is always `text`.
using InputField = JsonMember;

/// Everything a request says besides its file. It lives no longer than the request's head.
struct Input {
    std::vector<InputField> path{};
    std::vector<InputField> query{};
    std::vector<InputField> body{};
    RequestHead const* head = nullptr;  ///< for the header fields and cookies; none gives none of them
    /// JSON: kinds must match and unknown members are refused. Forms: all is text and unknown fields are ignored.
    bool json_body = false;
};

/// Path, query and body of a request whose operation takes small bodies; the body in any of the operation's forms.
/// Fails with `unsupported_media_type`, `malformed_json`, `malformed_multipart`, or as the body itself.
Task<Result<Input>> read_input(Request& request);

/// Path and query only.
Result<Input> read_parameters(Request const& request);

}  // namespace clinikk::http
