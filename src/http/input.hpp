#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "http/request.hpp"

namespace clinikk::http {

/// What was sent under one name, before it is understood.
struct InputField {
    /// The JSON kind; what comes in a form or a query is always `text`.
    enum class Kind { text, integer, number, boolean, null, list, structure };

    std::string name;
    Kind kind = Kind::text;
    std::string text;                              ///< of a scalar
    std::vector<std::vector<InputField>> items{};  ///< of a list of objects: the members of each
};

/// Everything a request says besides its file.
struct Input {
    std::vector<InputField> path{};
    std::vector<InputField> query{};
    std::vector<InputField> body{};
    /// JSON: kinds must match and unknown members are refused. Forms: all is text and unknown fields are ignored.
    bool json_body = false;
};

/// The members of one JSON object, in order, duplicates included. A member that is an array of nothing but objects,
/// none with more than 16 members, is a list; other arrays and objects are only marked as structures, in lists too.
/// Fails with `malformed_json`.
Result<std::vector<InputField>> read_json_object(std::string_view text);

/// Path, query and body of a request whose operation takes small bodies; the body in any of the operation's forms.
/// Fails with `unsupported_media_type`, `malformed_json`, `malformed_multipart`, or as the body itself.
Task<Result<Input>> read_input(Request& request);

/// Path and query only.
Result<Input> read_parameters(Request const& request);

}  // namespace clinikk::http
