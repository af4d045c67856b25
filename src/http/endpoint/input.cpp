#include "http/endpoint/input.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/multipart_reader.hpp"
#include "http/message/form_urlencoded.hpp"
#include "http/message/media_type.hpp"

namespace clinikk::http {
namespace {

std::vector<InputField> as_fields(std::vector<std::pair<std::string, std::string>> pairs) {
    std::vector<InputField> fields;
    fields.reserve(pairs.size());
    for (auto& [name, text] : pairs) fields.push_back(text_field(std::move(name), std::move(text)));
    return fields;
}

Task<Result<std::string>> read_whole(RequestBody& body) {
    std::string whole;
    while (true) {
        auto const piece = co_await body.next();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return whole;
        whole += *piece;
    }
}

Task<Result<std::vector<InputField>>> read_multipart(Request& request, std::string_view content_type) {
    auto boundary = parse_boundary(content_type);
    if (!boundary) co_return boundary.error();
    MultipartReader reader(request.body, std::move(*boundary), 64 * 1024);
    std::vector<InputField> fields;
    while (true) {
        auto part = co_await reader.next_part();
        if (!part) co_return part.error();
        if (!*part) co_return fields;
        auto text = co_await reader.read_text(request.endpoint->operation.body_limit);
        if (!text) co_return text.error();
        fields.push_back(text_field(std::move((*part)->name), std::move(*text)));
    }
}

std::optional<BodyForm> form_of(std::string_view content_type) {
    auto const type = parse_media_type(content_type);
    if (!type) return std::nullopt;
    if (type->essence == "application/json" || type->essence == "application/merge-patch+json") return BodyForm::json;
    if (type->essence == "application/x-www-form-urlencoded") return BodyForm::urlencoded;
    if (type->essence == "multipart/form-data") return BodyForm::multipart;
    return std::nullopt;
}

Error unsupported_form(std::vector<std::string_view> const& media_types) {
    std::string detail = "Send the body as";
    std::string_view separator = " ";
    for (auto const type : media_types) {
        detail += separator;
        detail += type;
        separator = " or ";
    }
    return {ErrorCode::unsupported_media_type, detail};
}

Error unsupported_form(Operation const& operation) {
    std::vector<std::string_view> types;
    for (auto const form : operation.body) types.push_back(media_type_of(form));
    return unsupported_form(types);
}

/// The members of a JSON body.
Result<std::vector<InputField>> read_json_body(std::string_view text) {
    auto body = read_json(text);
    if (!body) return Error(ErrorCode::malformed_json, "The body " + body.error());
    if (body->kind != JsonValue::Kind::object)
        return Error(ErrorCode::malformed_json, "The body must be a JSON object");
    return std::move(body->members);
}

/// A body without a media type is taken as `application/octet-stream` (RFC 9110 section 8.3), which needs `*/*`.
Result<void> check_raw_body(Request const& request, std::string_view content_type) {
    auto const& head = request.head;
    bool const is_absent =
        head.framing == BodyFraming::none || (head.framing == BodyFraming::length && head.content_length == 0);
    if (is_absent && request.endpoint->operation.body_optional) return {};
    auto const& taken = request.endpoint->schema.raw_body;
    auto const type = parse_media_type(content_type.data() == nullptr ? "application/octet-stream" : content_type);
    auto const fits = [&](std::string_view range) { return is_in_media_range(type->essence, range); };
    bool const is_named = content_type.data() != nullptr || std::ranges::find(taken, "*/*") != taken.end();
    if (type && is_named && std::ranges::any_of(taken, fits)) return {};
    return unsupported_form(taken);
}

}  // namespace

Result<Input> read_parameters(Request const& request) {
    Input input;
    input.head = &request.head;
    for (auto const& [name, text] : request.path_parameters) {
        input.path.push_back(text_field(std::string(name), text));
    }
    if (!request.head.query.empty()) {
        auto query = parse_form(request.head.query);
        if (!query) return query.error();
        input.query = as_fields(std::move(*query));
    }
    return input;
}

Task<Result<Input>> read_input(Request& request) {
    auto input = read_parameters(request);
    auto const& operation = request.endpoint->operation;
    if (!input || operation.body.empty()) co_return input;

    auto const content_type = request.head.find("Content-Type");
    if (operation.body.front() == BodyForm::raw) {
        auto const fits = check_raw_body(request, content_type);
        if (!fits) co_return fits.error();
        input->raw_body = &request.body.get();
        co_return input;
    }
    auto const form = form_of(content_type);
    bool const taken = form && std::ranges::find(operation.body, *form) != operation.body.end();
    if (!taken) co_return unsupported_form(operation);
    if (*form == BodyForm::multipart) {
        auto fields = co_await read_multipart(request, content_type);
        if (!fields) co_return fields.error();
        input->body = std::move(*fields);
        co_return input;
    }
    auto const text = co_await read_whole(request.body);
    if (!text) co_return text.error();
    input->json_body = *form == BodyForm::json;
    if (input->json_body) {
        auto members = read_json_body(*text);
        if (!members) co_return members.error();
        input->body = std::move(*members);
        co_return input;
    }
    auto pairs = parse_form(*text);
    if (!pairs) co_return pairs.error();
    input->body = as_fields(std::move(*pairs));
    co_return input;
}

}  // namespace clinikk::http
