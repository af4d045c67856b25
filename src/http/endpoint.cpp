#include "http/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace clinikk::http {
namespace {

using enum ErrorCode;

/// Any request may meet these, whatever it asks for.
constexpr ErrorCode of_every_request[] = {bad_request,        method_not_allowed,   request_timeout, uri_too_long,
                                          expectation_failed, headers_too_large,    internal,        not_implemented,
                                          unavailable,        version_not_supported};

bool has_parameters(Endpoint const& endpoint) {
    return !endpoint.schema.body.empty() || std::ranges::any_of(endpoint.schema.parameters, [](auto const& p) {
        return p.place == ParameterPlace::query;
    });
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

std::string_view to_string(Method method) noexcept {
    switch (method) {
        case Method::get: return "GET";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::del: return "DELETE";
    }
    return "";
}

std::string_view to_string(Access access) noexcept {
    switch (access) {
        case Access::anyone: return "anyone";
        case Access::signed_in: return "signed in";
        case Access::editor: return "editor";
    }
    return "";
}

std::vector<ErrorCode> listed_errors(Endpoint const& endpoint) {
    auto const& operation = endpoint.operation;
    std::vector<ErrorCode> codes(std::begin(of_every_request), std::end(of_every_request));
    codes.insert(codes.end(), operation.errors.begin(), operation.errors.end());
    auto const body = of_the_body(operation);
    codes.insert(codes.end(), body.begin(), body.end());
    if (operation.access != Access::anyone) codes.push_back(not_authenticated);
    if (operation.access == Access::editor) codes.push_back(forbidden);
    if (has_parameters(endpoint)) codes.push_back(validation_failed);
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
