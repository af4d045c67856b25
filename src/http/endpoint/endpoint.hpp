#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/error.hpp"
#include "base/result.hpp"
#include "domain/scope.hpp"
#include "http/endpoint/answer_header.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"
#include "http/endpoint/schema.hpp"
#include "http/message/method.hpp"

namespace clinikk::http {

/// Who may call. With `optional` anyone may, and the answer is that for the account if a token names one.
enum class Access : std::uint8_t { anyone, optional, signed_in, editor, admin };

/// Whether an account is needed.
constexpr bool needs_account(Access access) noexcept { return access >= Access::signed_in; }

std::string_view to_string(Access access) noexcept;

/// The forms in which an operation takes its body. A raw body has the media types of the request's `RawBody`.
enum class BodyForm : std::uint8_t { json, urlencoded, multipart, raw };

/// The media type of a form, empty for a raw body.
std::string_view media_type_of(BodyForm form) noexcept;

/// An answer other than JSON, as the OpenAPI document lists it.
struct PlainAnswer {
    int status;
    std::string_view media_type;  ///< empty: no content
    std::string_view description;
    std::vector<AnswerHeader> headers{};  ///< without those that every answer has
};

/// A field that is the same on all answers of an operation.
struct FixedField {
    std::string_view name;
    std::string_view value;
};

/// One operation: what the router, the binding, the OpenAPI document and the tests know about it.
struct Operation {
    Method method = Method::get;
    std::string_view path{};  ///< `/content/{content_id}`
    std::string_view id{};    ///< the handler's name: metric label, `operationId`
    std::string_view tag{};
    std::string_view summary{};
    std::string_view description{};
    Access access = Access::anyone;
    std::optional<Scope> scope{};  ///< that an API key needs; without one the operation is not open to keys
    std::vector<BodyForm> body{};
    bool body_optional = false;            ///< a raw body may be absent, and then needs no media type
    std::uint64_t body_limit = 64 * 1024;  ///< bytes; 413 past it
    ErrorCode over_limit = ErrorCode::body_too_large;
    int success = 200;
    std::vector<AnswerHeader> headers{};  ///< of the answer with the success status
    std::vector<ErrorCode> errors{};      ///< its own; `listed_errors` adds the common ones
    std::vector<PlainAnswer> answers{};   ///< where the answer is not one JSON document
    bool is_unmetered = false;            ///< requests are not counted: who watches over the service is never refused
    bool has_head = true;                 ///< of a GET: HEAD does the same, without the body; false if GET has effects
    bool keyed = true;                    ///< an Idempotency-Key counts, where `takes_idempotency_key`
    bool hidden = false;                  ///< pages for people, not part of the API document
    /// Several operations may share method and path. The one that names a header field here is chosen for requests that
    /// have that field; the one without serves the rest (if all name one, the first serves the rest). Of two that fit,
    /// the one that was added first counts.
    std::string_view chosen_by{};
    /// The media types of Content-Type that choose the operation: a list of them, or of ranges of them.
    std::string_view chosen_by_type{};
    bool takes_method_override = false;  ///< a request with `X-HTTP-Method-Override` naming its method calls it
    std::vector<std::pair<std::string_view, std::string>> options{};  ///< fields of the answer to OPTIONS on its path
    std::vector<FixedField> on_every_answer{};                        ///< refusals by the pipeline are among them
    /// Asked before anything else is done for a request, even before its credentials are read. An error, which the
    /// operation has to list, refuses it.
    std::optional<Error> (*refuse_head)(RequestHead const& head) = nullptr;
};

/// The input and output of an operation, derived from the types of its handler.
struct OperationSchema {
    std::vector<ParameterSchema> parameters{};
    std::vector<MemberSchema> body{};
    std::vector<std::string_view> raw_body{};  ///< the media types of a raw body
    bool file_part = false;
    Schema answer{};  ///< of the success status; empty when it has no JSON
};

/// An operation with its handler.
struct Endpoint {
    Operation operation;
    OperationSchema schema;
    bool is_cacheable =
        false;  ///< without an account, the answer depends on URL and database alone (see `AnswerCache`)
    std::function<Task<Result<Response>>(Request&)> invoke;
    /// Answers a request once more whose effect is known and whose answer is lost, from what it was done to. Empty:
    /// that cannot be told.
    std::function<Task<Result<Response>>(Request&, Uuid target_id)> answer_again{};
};

/// Whether the operation serves only requests with a certain header field or media type.
constexpr bool is_chosen(Operation const& operation) noexcept {
    return !operation.chosen_by.empty() || !operation.chosen_by_type.empty();
}

/// Whether an Idempotency-Key counts: on what changes something for an account, but for sessions, passwords and keys,
/// whose answers are not kept, and but for raw bodies, which are not held in memory.
bool takes_idempotency_key(Operation const& operation) noexcept;

/// Throws std::logic_error unless the answers of the operation can depend on nothing but its path, its query and the
/// database.
void require_cacheable(Endpoint const& endpoint);

/// All errors of an operation: its own, and those that follow from who may call it, from its body, and from being
/// served at all. Each once, ordered by status.
std::vector<ErrorCode> listed_errors(Endpoint const& endpoint);

/// The error for a path that names nothing: the operation's own 404 if it has one, else `not_found`.
ErrorCode missing_resource(Operation const& operation) noexcept;

}  // namespace clinikk::http
