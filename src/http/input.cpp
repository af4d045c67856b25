#include "http/input.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include "http/endpoint.hpp"
#include "http/form_urlencoded.hpp"
#include "http/media_type.hpp"
#include "http/multipart_reader.hpp"

namespace clinikk::http {
namespace {

namespace json = boost::json;
using Kind = InputField::Kind;

/// Collects the members of the outermost object. Boost.JSON's own tree keeps the last of several members with one
/// name; reading events instead, a duplicate can be refused.
class MemberCollector {
public:
    static constexpr std::size_t max_object_size = 1000;
    static constexpr std::size_t max_array_size = 100'000;
    static constexpr std::size_t max_key_size = 1024;
    static constexpr std::size_t max_string_size = 0x7FFFFFFE;

    std::vector<InputField> members{};
    bool is_object = false;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        if (depth_ == 0) is_object = true;
        return enter(false);
    }
    bool on_object_end(std::size_t, json::error_code&) { return leave(); }
    bool on_array_begin(json::error_code&) { return enter(true); }
    bool on_array_end(std::size_t, json::error_code&) { return leave(); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (fields() != nullptr) key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        auto* const there = fields();
        if (there == nullptr) return true;
        key_.append(part.data(), part.size());
        if (depth_ == item_depth && there->size() == max_item_members) {
            make_structure();
        } else {
            there->push_back({std::move(key_), Kind::null, {}, {}});
        }
        key_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        if (auto* const there = fields()) there->back().text.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        auto* const there = fields();
        if (there == nullptr) return scalar(Kind::text, {});
        there->back().kind = Kind::text;
        there->back().text.append(part.data(), part.size());
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        return scalar(Kind::integer, std::to_string(value));
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        return scalar(Kind::integer, std::to_string(value));
    }
    bool on_double(double value, json::string_view, json::error_code&) {
        // JSON Schema counts 1.0 as an integer.
        bool const whole = value >= -9e15 && value <= 9e15 && value == static_cast<double>(static_cast<long>(value));
        return whole ? scalar(Kind::integer, std::to_string(static_cast<long>(value))) : scalar(Kind::number, {});
    }
    bool on_bool(bool value, json::error_code&) { return scalar(Kind::boolean, value ? "true" : "false"); }
    bool on_null(json::error_code&) { return scalar(Kind::null, {}); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    /// The outermost object, the array that is one of its members, an object in that.
    static constexpr int member_depth = 1, list_depth = 2, item_depth = 3;
    static constexpr std::size_t max_item_members = 16;

    bool in_list() const noexcept { return !members.empty() && members.back().kind == Kind::list; }
    /// Where the members go that come now; null when they are not kept.
    std::vector<InputField>* fields() noexcept {
        if (!is_object) return nullptr;
        if (depth_ == member_depth) return &members;
        if (depth_ == item_depth && in_list()) return &members.back().items.back();
        return nullptr;
    }
    /// What was taken for a list of objects is something else.
    void make_structure() {
        members.back().kind = Kind::structure;
        members.back().items.clear();
    }
    bool enter(bool is_array) {
        if (auto* const there = fields()) {
            there->back().kind = is_array && depth_ == member_depth ? Kind::list : Kind::structure;
        } else if (depth_ == list_depth && in_list()) {
            if (is_array) make_structure();
            if (!is_array) members.back().items.emplace_back();
        }
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    bool scalar(Kind kind, std::string text) {
        if (auto* const there = fields()) {
            there->back().kind = kind;
            there->back().text = std::move(text);
        } else if (depth_ == list_depth && in_list()) {
            make_structure();
        }
        return true;
    }

    int depth_ = 0;
    std::string key_;
};

std::vector<InputField> as_fields(std::vector<std::pair<std::string, std::string>> pairs) {
    std::vector<InputField> fields;
    fields.reserve(pairs.size());
    for (auto& [name, text] : pairs) fields.push_back({std::move(name), Kind::text, std::move(text), {}});
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
        fields.push_back({std::move((*part)->name), Kind::text, std::move(*text), {}});
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

Error unsupported_form(Operation const& operation) {
    std::string detail = "Send the body as";
    std::string_view separator = " ";
    for (auto const form : operation.body) {
        detail += separator;
        separator = " or ";
        detail += form == BodyForm::json         ? "application/json"
                  : form == BodyForm::urlencoded ? "application/x-www-form-urlencoded"
                                                 : "multipart/form-data";
    }
    return {ErrorCode::unsupported_media_type, detail};
}

}  // namespace

Result<std::vector<InputField>> read_json_object(std::string_view text) {
    json::basic_parser<MemberCollector> parser{json::parse_options{}};
    json::error_code failure;
    auto const used = parser.write_some(false, text.data(), text.size(), failure);
    if (failure) {
        return Error(ErrorCode::malformed_json,
                     "The body is not valid JSON: " + failure.message() + " at byte " + std::to_string(used));
    }
    if (used != text.size()) {
        return Error(ErrorCode::malformed_json,
                     "The body has more than one JSON value, from byte " + std::to_string(used));
    }
    if (!parser.handler().is_object) return Error(ErrorCode::malformed_json, "The body must be a JSON object");
    return std::move(parser.handler().members);
}

Result<Input> read_parameters(Request const& request) {
    Input input;
    for (auto const& [name, text] : request.path_parameters) {
        input.path.push_back({std::string(name), Kind::text, text, {}});
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
        auto members = read_json_object(*text);
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
