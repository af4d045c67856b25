#include "http/endpoint/endpoint.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace clinikk::http {
namespace {

using enum ErrorCode;

/// The errors that any request may meet.
constexpr ErrorCode of_every_request[] = {bad_request,        method_not_allowed,   request_timeout, uri_too_long,
                                          expectation_failed, headers_too_large,    internal,        not_implemented,
                                          unavailable,        version_not_supported};

/// Those of an Idempotency-Key.
constexpr ErrorCode of_a_key[] = {idempotency_key_malformed, idempotency_key_in_use, idempotency_key_reused,
                                  idempotency_answer_lost, too_many_idempotency_keys};

/// Whether a value of the parameter can be wrong. What is wrong in a path names nothing; a header field without a rule,
/// such as `Range`, says nothing when it cannot be read.
bool can_be_wrong(ParameterSchema const& parameter) {
    auto const& value = parameter.member.schema.scalar;
    bool const has_rule = value.type != ValueSchema::Type::string || !value.pattern.empty() || !value.format.empty() ||
                          !value.choices.empty() || value.min_length || value.max_length;
    if (parameter.place == ParameterPlace::header) return has_rule;
    return parameter.place != ParameterPlace::path;
}

bool takes_input(Endpoint const& endpoint) {
    return !endpoint.schema.body.empty() || std::ranges::any_of(endpoint.schema.parameters, can_be_wrong);
}

/// Whether a 404 may mean that the caller must sign in: with an invalid token it becomes a 401.
bool hides_contents(Operation const& operation) {
    bool const is_missing = std::ranges::find(operation.errors, content_not_found) != operation.errors.end();
    return operation.access == Access::optional && is_missing;
}

std::vector<ErrorCode> of_the_body(Operation const& operation) {
    std::vector<ErrorCode> codes;
    if (operation.body.empty()) return codes;
    codes = {operation.over_limit, unsupported_media_type, unsupported_content_coding};
    auto const takes = [&](BodyForm form) { return std::ranges::find(operation.body, form) != operation.body.end(); };
    if (takes(BodyForm::json)) codes.push_back(malformed_json);
    if (takes(BodyForm::multipart)) codes.push_back(malformed_multipart);
    return codes;
}

}  // namespace

std::string_view to_string(Access access) noexcept {
    switch (access) {
        case Access::anyone: return "anyone";
        case Access::optional: return "anyone, by account";
        case Access::signed_in: return "signed in";
        case Access::editor: return "editor";
        case Access::admin: return "admin";
    }
    return "";
}

std::string_view media_type_of(BodyForm form) noexcept {
    switch (form) {
        case BodyForm::json: return "application/json";
        case BodyForm::urlencoded: return "application/x-www-form-urlencoded";
        case BodyForm::multipart: return "multipart/form-data";
        case BodyForm::raw: return "";
    }
    return "";
}

bool takes_idempotency_key(Operation const& operation) noexcept {
    bool const is_safe = operation.method == Method::get || operation.method == Method::head;
    bool const is_about_access = operation.path.starts_with("/auth/");
    return operation.keyed && needs_account(operation.access) && !is_safe && !is_about_access;
}

void require_cacheable(Endpoint const& endpoint) {
    auto const& operation = endpoint.operation;
    bool const sees_more = std::ranges::any_of(endpoint.schema.parameters, [](auto const& parameter) {
        return parameter.place == ParameterPlace::header || parameter.place == ParameterPlace::cookie;
    });
    bool const is_for_all = !needs_account(operation.access) && !is_chosen(operation);
    if (operation.method == Method::get && is_for_all && !sees_more) return;
    throw std::logic_error(std::string(operation.id) + " cannot be cacheable: it has to be a GET for everybody " +
                           "that binds no header field and no cookie, and is not chosen by one");
}

std::vector<ErrorCode> listed_errors(Endpoint const& endpoint) {
    auto const& operation = endpoint.operation;
    std::vector<ErrorCode> codes(std::begin(of_every_request), std::end(of_every_request));
    codes.insert(codes.end(), operation.errors.begin(), operation.errors.end());
    auto const body = of_the_body(operation);
    codes.insert(codes.end(), body.begin(), body.end());
    if (needs_account(operation.access) || hides_contents(operation)) codes.push_back(not_authenticated);
    if (operation.access != Access::anyone) codes.push_back(insufficient_scope);
    if (operation.access == Access::editor || operation.access == Access::admin) codes.push_back(forbidden);
    if (!operation.is_unmetered) codes.push_back(rate_limited);
    if (takes_idempotency_key(operation)) {
        codes.insert(codes.end(), std::begin(of_a_key), std::end(of_a_key));
    }
    if (takes_input(endpoint)) codes.push_back(validation_failed);
    // By status, and of one status in the order of the catalogue.
    std::ranges::sort(codes, {}, [](ErrorCode code) { return std::pair(describe(code).status, code); });
    codes.erase(std::ranges::unique(codes).begin(), codes.end());
    return codes;
}

ErrorCode missing_resource(Operation const& operation) noexcept {
    auto const found =
        std::ranges::find_if(operation.errors, [](ErrorCode code) { return describe(code).status == 404; });
    return found == operation.errors.end() ? not_found : *found;
}

}  // namespace clinikk::http
