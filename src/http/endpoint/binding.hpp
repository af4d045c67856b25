#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/described.hpp"
#include "base/result.hpp"
#include "domain/changes.hpp"
#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/input.hpp"
#include "http/endpoint/schema.hpp"

/// Typed requests: a described struct whose members say where they come from and, by their value types, what they
/// take. One reader fills it and collects all that is wrong.
namespace clinikk::http {

/// Where a member of a request comes from.
enum class Place { path, query, body, header, cookie };

/// A member of a request. `T` is a value type, or `std::optional` of one where it may be absent. A value type has
/// `static result<T, std::string> parse(std::string_view)` and `static ValueSchema schema()`; where the schema
/// names a fallback, an absent member has that.
template <Place From, class T>
class Member {
public:
    static constexpr Place place = From;
    static constexpr bool may_be_absent = IsOptional<T>::value;
    using Inner = typename std::conditional_t<may_be_absent, T, std::optional<T>>::value_type;

    explicit operator bool() const noexcept { return value_.has_value(); }
    Inner const& operator*() const noexcept { return *value_; }
    Inner const* operator->() const noexcept { return &*value_; }
    void set(Inner value) { value_ = std::move(value); }

    /// What it holds for the domain: the plain value, or an optional one where it may be absent.
    auto plain() const {
        using Plain = std::remove_cvref_t<decltype(value_->value())>;
        if constexpr (may_be_absent) {
            return value_ ? std::optional<Plain>(value_->value()) : std::nullopt;
        } else {
            return Plain(value_->value());
        }
    }

private:
    std::optional<Inner> value_;
};

/// A JSON array of `Min` to `Max` objects, each a described struct of `FormField`s with a static `schema_name`.
template <class T, std::size_t Min, std::size_t Max>
struct ListOf {
    using Item = T;
    static constexpr std::size_t min = Min;
    static constexpr std::size_t max = Max;
    std::vector<T> items{};
};

template <class T>
concept ListType = requires { typename T::Item; };

template <class T>
using Path = Member<Place::path, T>;
template <class T>
using Query = Member<Place::query, T>;
template <class T>
using FormField = Member<Place::body, T>;

/// A header field of the request. The member's name is the field's: `if_none_match` is `If-None-Match`. It stands once;
/// a second line of that name is an error, unless the value type `counts_once`.
template <class T>
using Header = Member<Place::header, T>;

/// A cookie (RFC 6265 section 5.4) of the member's name, which comes once.
template <class T>
using Cookie = Member<Place::cookie, T>;

/// The value of a header field as it came: a view into the request's head, as long as that lives. For fields that say
/// nothing, rather than something wrong, when they cannot be read or stand more than once, such as `Range` (RFC 9110
/// sections 13.1 and 14.2): one that stands more than once counts as absent.
template <const auto& Schema>
class FieldText {
public:
    static constexpr bool counts_once = true;
    static boost::system::result<FieldText, std::string> parse(std::string_view text) { return FieldText(text); }
    static ValueSchema schema() { return {.description = Schema.description, .example = Schema.example}; }

    std::string_view value() const noexcept { return text_; }

private:
    explicit FieldText(std::string_view text) : text_(text) {}

    std::string_view text_;
};

/// Changes to a resource, as a member of a request: `Fields` is a described struct of the body's members as a new
/// resource has them. Each may be left out, which leaves it as it is. One that may be absent is cleared by `null` in
/// JSON (RFC 7396) and by an empty text field of a form; an empty number in a form is one that was not filled in.
template <class Fields>
class Patch {
public:
    using Described = Fields;

    Fields fields{};
    std::bitset<member_count<Fields>> is_given{};

    /// The changes to the members of `T`, each of which has a field of its name.
    template <class T>
    Changes<T> to() const {
        static_assert(member_count<T> == member_count<Fields>, "a field changes nothing");
        Changes<T> changes;
        boost::mp11::mp_for_each<boost::mp11::mp_iota_c<member_count<T>>>([&](auto index) {
            using Target = boost::mp11::mp_at_c<MembersOf<T>, index>;
            constexpr auto place = clinikk::detail::place_of<Fields>(Target::name);
            static_assert(place < member_count<Fields>, "a member has no field of its name");
            using Source = boost::mp11::mp_at_c<MembersOf<Fields>, place>;
            if (is_given.test(place)) changes.template set<index>((fields.*Source::pointer).plain());
        });
        return changes;
    }
};

template <class M>
concept PatchType = requires { typename M::Described; };

/// The field of that name, none when it is absent; a second one is an error.
InputField const* find_field(std::vector<InputField> const& fields, std::string_view name,
                             std::vector<FieldError>& errors);

/// Which members of the request's head are wanted: one value, and how often the name stands there.
struct HeadValue {
    std::optional<std::string_view> text{};  ///< the first; a view into the head
    std::size_t count = 0;
};

/// The field lines of that name.
HeadValue find_header(RequestHead const* head, std::string_view name) noexcept;

/// The cookies of that name, in all Cookie fields. Quotes around a value are part of it (RFC 6265 section 5.4).
HeadValue find_cookie(RequestHead const* head, std::string_view name) noexcept;

/// Whether a field's JSON kind is the one that the schema wants; if not, says so in `errors`.
bool kind_matches(InputField const& field, ValueSchema const& schema, bool json, std::vector<FieldError>& errors);

/// Whether a field of a body that need not be given says that it is not: `null` in JSON, and in a form, which sends
/// what was not filled in as empty text, a text without a character, unless the type `takes_empty` text as a value.
bool is_left_out(InputField const& field, bool takes_empty, bool json) noexcept;

/// Adds an error for each JSON member that is not in `known`.
void refuse_unknown(Input const& input, std::vector<std::string_view> const& known, std::vector<FieldError>& errors);

FieldError field_error(std::string_view name, std::string detail);

/// What is wrong with a header field or a cookie; `kind` says which of the two it is.
FieldError head_error(std::string_view kind, std::string_view name, std::string detail);

Error validation_error(std::vector<FieldError> errors);

/// What is wrong with an item of a list, told of the list: `#/etag` becomes `#/parts/3/etag`.
FieldError item_error(std::string_view list, std::size_t index, FieldError const& error);

/// The items of a list of `min` to `max`; null when the field is no such list.
std::vector<std::vector<InputField>> const* find_items(Input const& input, std::string_view name, std::size_t min,
                                                       std::size_t max, std::vector<FieldError>& errors);

namespace detail {

template <class M>
void bind_member(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors);
template <class M>
void bind_scalar(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors);

/// Up to the first item that has something wrong with it: a thousand others are likely to have the same.
template <ListType L>
L bind_list(std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    L list;
    auto const* const items = find_items(input, name, L::min, L::max, errors);
    if (items == nullptr) return list;
    for (std::size_t index = 0; index < items->size(); ++index) {
        Input const item{.body = (*items)[index], .json_body = true};
        std::vector<FieldError> wrong;
        std::vector<std::string_view> names;
        auto& bound = list.items.emplace_back();
        for_each_member<typename L::Item>([&](auto part) {
            names.push_back(part.name);
            bind_member(bound.*part.pointer, part.name, item, wrong);
        });
        refuse_unknown(item, names, wrong);
        for (auto const& error : wrong) errors.push_back(item_error(name, index, error));
        if (!wrong.empty()) break;
    }
    return list;
}

template <class M>
void bind_member(M& member, std::string_view name, Input const& input, std::vector<FieldError>& errors) {
    using Inner = typename M::Inner;
    if constexpr (ListType<Inner>) {
        member.set(bind_list<Inner>(name, input, errors));
    } else {
        bind_scalar(member, name, input, errors);
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
        auto value = Inner::parse(field->text);
        if (value) {
            member.set(std::move(*value));
        } else {
            errors.push_back(field_error(name, value.error()));
        }
    }
}

/// The name of a member as it is sent: that of a header field has its words in capitals, with hyphens between.
template <class M, class Descriptor>
struct WireName {
    static constexpr std::string_view member = Descriptor::name;
    static constexpr auto header = [] {
        std::array<char, member.size()> text{};
        bool starts_word = true;
        for (std::size_t i = 0; i < member.size(); ++i) {
            char const c = member[i];
            bool const is_letter = c >= 'a' && c <= 'z';
            text[i] = c == '_' ? '-' : starts_word && is_letter ? static_cast<char>(c - 'a' + 'A') : c;
            starts_word = c == '_';
        }
        return text;
    }();
    static constexpr std::string_view value =
        M::place == Place::header ? std::string_view(header.data(), header.size()) : member;
};

/// A header field or a cookie: text, taken without a copy.
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

/// A member of a resource that is changed. `errors` also has what is wrong with it.
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

/// Fills a request from the input, or says all that is wrong with it (`validation_failed`). A path segment that is
/// not a value of its type names nothing that exists: `no_such_path`. What no single member can tell, the request
/// struct adds to the errors in a member function `check`.
template <class R>
Result<R> bind(Input const& input, ErrorCode no_such_path = ErrorCode::not_found) {
    R request{};
    std::vector<FieldError> errors;
    std::vector<std::string_view> body_names;
    bool path_fits = true;
    for_each_member<R>([&](auto member) {
        auto& target = request.*member.pointer;
        if constexpr (PatchType<std::remove_cvref_t<decltype(target)>>) {
            detail::bind_patch(target, input, body_names, errors);
        } else {
            using M = std::remove_cvref_t<decltype(target)>;
            if constexpr (M::place == Place::header || M::place == Place::cookie) {
                detail::bind_head_value(target, detail::WireName<M, decltype(member)>::value, input, errors);
            } else {
                if (M::place == Place::body) body_names.push_back(member.name);
                detail::bind_member(target, member.name, input, errors);
                if (M::place == Place::path && !target) path_fits = false;
            }
        }
    });
    if (!path_fits) return Error(no_such_path);
    if (input.json_body) refuse_unknown(input, body_names, errors);
    if constexpr (requires { request.check(errors); }) request.check(errors);
    if (!errors.empty()) return validation_error(std::move(errors));
    return request;
}

template <class M>
MemberSchema describe_member(std::string_view name);

/// The shape of a list.
template <ListType L>
Schema describe_list() {
    Schema item;
    item.kind = Schema::Kind::object;
    item.name = L::Item::schema_name;
    for_each_member<typename L::Item>([&](auto member) {
        using M = std::remove_cvref_t<decltype(std::declval<typename L::Item>().*member.pointer)>;
        item.members.push_back(describe_member<M>(member.name));
    });
    Schema list;
    list.kind = Schema::Kind::array;
    list.items = std::make_shared<Schema const>(std::move(item));
    return list;
}

template <class M>
MemberSchema describe_member(std::string_view name) {
    if constexpr (ListType<typename M::Inner>) {
        return {name, describe_list<typename M::Inner>(), !M::may_be_absent};
    } else {
        auto value = M::Inner::schema();
        bool const required = !M::may_be_absent && value.fallback.empty();
        return {name, detail::scalar_schema(std::move(value)), required};
    }
}

constexpr ParameterPlace parameter_place(Place place) noexcept {
    switch (place) {
        case Place::header: return ParameterPlace::header;
        case Place::cookie: return ParameterPlace::cookie;
        case Place::path: return ParameterPlace::path;
        default: return ParameterPlace::query;
    }
}

/// What a request type says of an operation's parameters and body.
template <class R>
void describe_request(OperationSchema& schema) {
    for_each_member<R>([&](auto member) {
        using M = std::remove_cvref_t<decltype(std::declval<R>().*member.pointer)>;
        if constexpr (PatchType<M>) {
            OperationSchema whole;
            describe_request<typename M::Described>(whole);
            for (auto& field : whole.body) field.required = false;
            std::ranges::move(whole.body, std::back_inserter(schema.body));
        } else {
            auto described = describe_member<M>(detail::WireName<M, decltype(member)>::value);
            if constexpr (M::place == Place::body) {
                described.schema.nullable = M::may_be_absent;
                schema.body.push_back(std::move(described));
            } else {
                constexpr auto place = parameter_place(M::place);
                schema.parameters.push_back({place, std::move(described)});
            }
        }
    });
}

}  // namespace clinikk::http
