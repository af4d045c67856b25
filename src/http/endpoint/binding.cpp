#include "http/endpoint/binding.hpp"

#include <algorithm>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

/// Writes a JSON Pointer, in which `~` and `/` are escaped (RFC 6901 section 3).
std::string pointer_to(std::string_view name) {
    std::string pointer = "#/";
    for (char const c : name) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
    return pointer;
}

}  // namespace

FieldError field_error(std::string_view name, std::string detail) {
    return {std::string(name) + ' ' + std::move(detail), pointer_to(name)};
}

FieldError head_error(std::string_view kind, std::string_view name, std::string detail) {
    auto error = field_error(name, std::move(detail));
    error.detail.insert(0, kind);
    return error;
}

HeadValue find_header(RequestHead const* head, std::string_view name) noexcept {
    HeadValue found;
    if (head == nullptr) return found;
    for (auto const& field : head->fields) {
        if (same_ignoring_case(field.name, name) && ++found.count == 1) found.text = field.value;
    }
    return found;
}

HeadValue find_cookie(RequestHead const* head, std::string_view name) noexcept {
    HeadValue found;
    if (head == nullptr) return found;
    for (auto const& field : head->fields) {
        if (!same_ignoring_case(field.name, "Cookie")) continue;
        for (auto rest = field.value; !rest.empty();) {
            auto const end = rest.find(';');
            auto const pair = trim_blanks(rest.substr(0, end));
            rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
            auto const mark = pair.find('=');
            if (mark == pair.npos || trim_blanks(pair.substr(0, mark)) != name) continue;
            if (++found.count == 1) found.text = trim_blanks(pair.substr(mark + 1));
        }
    }
    return found;
}

FieldError error_inside(std::string_view name, std::optional<std::size_t> index, FieldError const& error) {
    std::string detail(name);
    auto pointer = pointer_to(name);
    if (index) {
        detail += '[' + std::to_string(*index) + ']';
        pointer += '/' + std::to_string(*index);
    }
    return {detail + '.' + error.detail, pointer + error.pointer.substr(1)};
}

bool is_list(InputField const& field, std::size_t min, std::size_t max, std::vector<FieldError>& errors) {
    using Kind = JsonValue::Kind;
    auto const& [kind, text, items, members] = field.value;
    bool const has_objects =
        kind == Kind::array && std::ranges::all_of(items, [](auto const& item) { return item.kind == Kind::object; });
    if (!has_objects) {
        errors.push_back(field_error(field.name, "must be a list of objects"));
        return false;
    }
    if (items.size() >= min && items.size() <= max) return true;
    errors.push_back(
        field_error(field.name, "must have " + std::to_string(min) + " to " + std::to_string(max) + " items"));
    return false;
}

bool is_object(InputField const& field, std::vector<FieldError>& errors) {
    if (field.value.kind == JsonValue::Kind::object) return true;
    errors.push_back(field_error(field.name, "must be an object"));
    return false;
}

Error validation_error(std::vector<FieldError> errors) {
    std::string detail;
    for (auto const& error : errors) {
        if (!detail.empty()) detail += "; ";
        if (detail.size() > 500) {
            detail += "…";
            break;
        }
        detail += error.detail;
    }
    return {ErrorCode::validation_failed, std::move(detail), std::move(errors)};
}

InputField const* find_field(std::vector<InputField> const& fields, std::string_view name,
                             std::vector<FieldError>& errors) {
    auto const found = std::ranges::find(fields, name, &InputField::name);
    if (found == fields.end()) return nullptr;
    if (std::find_if(found + 1, fields.end(), [&](auto const& f) { return f.name == name; }) != fields.end()) {
        errors.push_back(field_error(name, "is given more than once"));
    }
    return &*found;
}

bool is_left_out(InputField const& field, bool takes_empty, bool json) noexcept {
    if (json) return field.value.kind == JsonValue::Kind::null;
    return field.value.text.empty() && !takes_empty;
}

bool kind_matches(InputField const& field, ValueSchema const& schema, bool json, std::vector<FieldError>& errors) {
    using Kind = JsonValue::Kind;
    using Type = ValueSchema::Type;
    if (!json) return true;
    auto const wanted = schema.type == Type::integer   ? Kind::integer
                        : schema.type == Type::boolean ? Kind::boolean
                                                       : Kind::text;
    if (field.value.kind == wanted) return true;
    errors.push_back(field_error(field.name, wanted == Kind::integer   ? "must be a whole number"
                                             : wanted == Kind::boolean ? "must be true or false"
                                                                       : "must be a string"));
    return false;
}

void refuse_unknown(std::vector<InputField> const& fields, std::vector<std::string_view> const& known,
                    std::vector<FieldError>& errors) {
    for (auto const& field : fields) {
        if (std::ranges::find(known, field.name) == known.end()) {
            errors.push_back(field_error(field.name, "is not known here"));
        }
    }
}

}  // namespace clinikk::http
