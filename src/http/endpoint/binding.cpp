#include "http/endpoint/binding.hpp"

#include <algorithm>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

/// `~` and `/` have a spelling of their own in a JSON Pointer (RFC 6901 section 3).
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

FieldError item_error(std::string_view list, std::size_t index, FieldError const& error) {
    auto const place = std::to_string(index);
    return {std::string(list) + '[' + place + "]." + error.detail,
            pointer_to(list) + '/' + place + error.pointer.substr(1)};
}

std::vector<std::vector<InputField>> const* find_items(Input const& input, std::string_view name, std::size_t min,
                                                       std::size_t max, std::vector<FieldError>& errors) {
    auto const* const field = find_field(input.body, name, errors);
    if (field == nullptr) {
        errors.push_back(field_error(name, "is required"));
    } else if (field->kind != InputField::Kind::list) {
        errors.push_back(field_error(name, "must be a list of objects"));
    } else if (field->items.size() < min || field->items.size() > max) {
        errors.push_back(
            field_error(name, "must have " + std::to_string(min) + " to " + std::to_string(max) + " items"));
    } else {
        return &field->items;
    }
    return nullptr;
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
    if (json) return field.kind == InputField::Kind::null;
    return field.text.empty() && !takes_empty;
}

bool kind_matches(InputField const& field, ValueSchema const& schema, bool json, std::vector<FieldError>& errors) {
    using Kind = InputField::Kind;
    using Type = ValueSchema::Type;
    if (!json) return true;
    auto const wanted = schema.type == Type::integer   ? Kind::integer
                        : schema.type == Type::boolean ? Kind::boolean
                                                       : Kind::text;
    if (field.kind == wanted) return true;
    errors.push_back(field_error(field.name, wanted == Kind::integer   ? "must be a whole number"
                                             : wanted == Kind::boolean ? "must be true or false"
                                                                       : "must be a string"));
    return false;
}

void refuse_unknown(Input const& input, std::vector<std::string_view> const& known, std::vector<FieldError>& errors) {
    for (auto const& field : input.body) {
        if (std::ranges::find(known, field.name) == known.end()) {
            errors.push_back(field_error(field.name, "is not known here"));
        }
    }
}

}  // namespace clinikk::http
