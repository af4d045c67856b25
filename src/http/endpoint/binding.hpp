#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/described.hpp"
#include "base/result.hpp"
#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/input.hpp"
#include "http/endpoint/request_member.hpp"

/// Fills typed requests (`request_member.hpp`) from the input, and collects everything that is wrong.
namespace clinikk::http {

/// The field of that name; null when it is absent. A second field of that name is an error.
InputField const* find_field(std::vector<InputField> const& fields, std::string_view name,
                             std::vector<FieldError>& errors);

/// A value in the head of the request.
struct HeadValue {
    std::optional<std::string_view> text{};  ///< the first; a view into the head
    std::size_t count = 0;
};

/// The field lines of that name.
HeadValue find_header(RequestHead const* head, std::string_view name) noexcept;

/// The cookies of that name, in all Cookie fields. Quotes around a value are part of it (RFC 6265 section 5.4).
HeadValue find_cookie(RequestHead const* head, std::string_view name) noexcept;

/// Returns whether the JSON kind of a field is the one in the schema; if not, adds an error.
bool kind_matches(InputField const& field, ValueSchema const& schema, bool json, std::vector<FieldError>& errors);

/// Returns whether an optional member of the body is given as absent: `null` in JSON; in a form, which sends empty text
/// for fields that were not filled in, an empty text, unless the type `takes_empty` text as a value.
bool is_left_out(InputField const& field, bool takes_empty, bool json) noexcept;

/// Adds an error for each JSON member that is not in `known`.
void refuse_unknown(std::vector<InputField> const& fields, std::vector<std::string_view> const& known,
                    std::vector<FieldError>& errors);

FieldError field_error(std::string_view name, std::string detail);

/// An error about a header field or a cookie; `kind` says which of the two it is.
FieldError head_error(std::string_view kind, std::string_view name, std::string detail);

Error validation_error(std::vector<FieldError> errors);

/// Converts an error inside the member `name`, or inside its item `index`, to one of the enclosing object: `#/etag`
/// becomes `#/parts/3/etag`.
FieldError error_inside(std::string_view name, std::optional<std::size_t> index, FieldError const& error);

/// Returns whether a field is a list of `min` to `max` objects; if not, adds an error.
bool is_list(InputField const& field, std::size_t min, std::size_t max, std::vector<FieldError>& errors);

/// Returns whether a field is an object; if not, adds an error.
bool is_object(InputField const& field, std::vector<FieldError>& errors);

namespace detail {

template <class M>
void bind_member(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors);

/// The members of an object inside a JSON body.
template <class T>
T bind_object(std::vector<InputField> const& fields, std::vector<FieldError>& errors) {
    T object{};
    Input const input{.body = fields, .json_body = true};
    std::vector<std::string_view> names;
    for_each_member<T>([&](auto member) {
        names.push_back(member.name);
        bind_member(object.*member.pointer, member.name, input, errors);
    });
    refuse_unknown(fields, names, errors);
    return object;
}

/// Binds the items up to the first one with an error: a thousand others are likely to have the same error.
template <ListType L>
L bind_structure(InputField const& field, std::vector<FieldError>& errors) {
    L list;
    if (!is_list(field, L::min, L::max, errors)) return list;
    for (auto const& item : field.value.items) {
        std::vector<FieldError> wrong;
        list.items.push_back(bind_object<typename L::Item>(item.members, wrong));
        for (auto const& error : wrong) errors.push_back(error_inside(field.name, list.items.size() - 1, error));
        if (!wrong.empty()) break;
    }
    return list;
}

template <StructuredType O>
O bind_structure(InputField const& field, std::vector<FieldError>& errors) {
    O object;
    if (!is_object(field, errors)) return object;
    std::vector<FieldError> wrong;
    object.value = bind_object<typename O::Described>(field.value.members, wrong);
    for (auto const& error : wrong) errors.push_back(error_inside(field.name, std::nullopt, error));
    return object;
}

template <class M>
void bind_structured(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    static_assert(M::place == Place::body, "objects and lists come in JSON bodies");
    auto const* const field = find_field(input.body, name, errors);
    bool const is_absent =
        field == nullptr || (M::may_be_absent && is_left_out(*field, /*takes_empty=*/false, input.json_body));
    if (!is_absent) {
        member.set(bind_structure<typename M::Inner>(*field, errors));
    } else if (!M::may_be_absent) {
        errors.push_back(field_error(name, "is required"));
    }
}

template <class M>
void bind_scalar(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    using Inner = typename M::Inner;
    auto const& fields = M::place == Place::path ? input.path : M::place == Place::query ? input.query : input.body;
    auto const schema = Inner::schema();
    auto const* field = find_field(fields, name, errors);
    constexpr bool in_body = M::place == Place::body;
    bool const takes_empty = Inner::parse("").has_value();
    bool const left_out =
        field != nullptr && in_body && M::may_be_absent && is_left_out(*field, takes_empty, input.json_body);
    bool const absent = field == nullptr || left_out;
    if (absent && !schema.fallback.empty()) {
        member.set(*Inner::parse(schema.fallback));
    } else if (absent) {
        if (!M::may_be_absent) errors.push_back(field_error(name, "is required"));
    } else if (kind_matches(*field, schema, in_body && input.json_body, errors)) {
        auto value = Inner::parse(field->value.text);
        if (value) {
            member.set(std::move(*value));
        } else {
            errors.push_back(field_error(name, value.error()));
        }
    }
}

template <class M>
void bind_member(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    if constexpr (StructuredType<typename M::Inner>) {
        bind_structured(member, name, input, errors);
    } else {
        bind_scalar(member, name, input, errors);
    }
}

/// Binds a header field or a cookie, without copying its text.
template <class M>
void bind_head_value(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    using Inner = typename M::Inner;
    auto const found = M::place == Place::header ? find_header(input.head, name) : find_cookie(input.head, name);
    auto const what = [&](std::string detail) {
        constexpr std::string_view kind = M::place == Place::header ? "The header field " : "The cookie ";
        errors.push_back(head_error(kind, name, std::move(detail)));
    };
    constexpr bool counts_once = requires { Inner::counts_once; };
    if (found.count > 1 && !counts_once) return what("is given more than once");
    if (found.count != 1) {
        auto const fallback = Inner::schema().fallback;
        if (!fallback.empty()) {
            member.set(*Inner::parse(fallback));
        } else if (!M::may_be_absent) {
            what("is required");
        }
        return;
    }
    auto value = Inner::parse(*found.text);
    if (!value) return what(value.error());
    member.set(std::move(*value));
}

/// Binds a member of a resource that is changed. Returns whether the member is given.
template <class M>
bool bind_change(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    if (std::ranges::find(input.body, name, &InputField::name) == input.body.end()) return false;
    bind_member(member, name, input, errors);
    bool const is_form_number = !input.json_body && M::Inner::schema().type == ValueSchema::Type::integer;
    return member || (M::may_be_absent && !is_form_number);
}

template <class Fields>
void bind_patch(Patch<Fields>& patch, Input const& input, std::vector<std::string_view>& names,
                std::vector<FieldError>& errors) {
    std::size_t index = 0;
    for_each_member<Fields>([&](auto member) {
        names.push_back(member.name);
        patch.is_given.set(index++, bind_change(patch.fields.*member.pointer, member.name, input, errors));
    });
}

}  // namespace detail

/// Fills a request from the input, or fails with everything that is wrong (`validation_failed`). A path segment that is
/// not a value of its type names nothing that exists: `no_such_path`. The request struct may check what no single
/// member shows, in a member function `check`.
template <class R>
Result<R> bind(Input const& input, ErrorCode no_such_path = ErrorCode::not_found) {
    R request{};
    std::vector<FieldError> errors;
    std::vector<std::string_view> body_names;
    bool path_fits = true;
    for_each_member<R>([&](auto member) {
        auto& target = request.*member.pointer;
        using M = std::remove_cvref_t<decltype(target)>;
        if constexpr (PatchType<M>) {
            detail::bind_patch(target, input, body_names, errors);
        } else if constexpr (RawBodyType<M>) {
            target.set(*input.raw_body);
        } else if constexpr (QueryFieldsType<M>) {
            target.set(input.query);
        } else if constexpr (M::place == Place::header || M::place == Place::cookie) {
            detail::bind_head_value(target, detail::WireName<M, decltype(member)>::value, input, errors);
        } else {
            if (M::place == Place::body) body_names.push_back(member.name);
            detail::bind_member(target, member.name, input, errors);
            if (M::place == Place::path && !target) path_fits = false;
        }
    });
    if (!path_fits) return Error(no_such_path);
    if (input.json_body) refuse_unknown(input.body, body_names, errors);
    if constexpr (requires { request.check(errors); }) request.check(errors);
    if (!errors.empty()) return validation_error(std::move(errors));
    return request;
}

/// The fields of a resource as the query states them, or everything that is wrong with them.
template <class Fields>
Result<Fields> bind_query(QueryFields<Fields> const& query) {
    return bind<Fields>(Input{.body = query.fields()});
}

}  // namespace clinikk::http
