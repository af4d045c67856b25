#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/described.hpp"
#include "base/json.hpp"
#include "base/value_schema.hpp"
#include "domain/changes.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/schema.hpp"

/// The members of a typed request: a request is a described struct whose members say by their types where they come
/// from and what they take. `binding.hpp` fills it, `request_schema.hpp` describes it.
namespace clinikk::http {

/// Where a member of a request comes from.
enum class Place { path, query, body, header, cookie };

/// A member of a request. `T` is a value type, or `std::optional` of one where it may be absent. A value type has
/// `static result<T, std::string> parse(std::string_view)` and `static ValueSchema schema()`; where the schema
/// names a fallback, an absent member has that. In a JSON body `T` may also be a `ListOf` or an `ObjectOf`.
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

template <class T>
using Path = Member<Place::path, T>;
template <class T>
using Query = Member<Place::query, T>;
/// A member of the body: of a JSON object or of a form.
template <class T>
using FormField = Member<Place::body, T>;

/// A header field of the request. The member's name is the field's: `if_none_match` is `If-None-Match`. It stands once;
/// a second line of that name is an error, unless the value type `counts_once`.
template <class T>
using Header = Member<Place::header, T>;

/// A cookie (RFC 6265 section 5.4) of the member's name, which comes once.
template <class T>
using Cookie = Member<Place::cookie, T>;

/// A JSON object inside the body. `T` is a described struct of `FormField`s with a static `schema_name`.
template <class T>
struct ObjectOf {
    using Described = T;
    T value{};
};

/// A JSON array of `Min` to `Max` objects, each as in `ObjectOf`.
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
concept StructuredType = ListType<T> || requires { typename T::Described; };

/// The value of a header field as it came: a view into the request's head, as long as that lives. For fields that say
/// nothing, rather than something wrong, when they cannot be read or stand more than once, such as `Range` (RFC 9110
/// sections 13.1 and 14.2): one that stands more than once counts as absent. `Schema` has a description and an example.
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

/// The body as it comes, as a member of a request: the handler pulls its bytes, and nothing of it is kept in memory.
/// `MediaTypes` is an array of the media types that the operation takes, in lower case and without parameters, or of
/// ranges of them: `video/*`, `*/*`.
template <const auto& MediaTypes>
class RawBody {
public:
    static constexpr auto const& media_types = MediaTypes;

    RequestBody& operator*() const noexcept { return *body_; }
    RequestBody* operator->() const noexcept { return body_; }
    void set(RequestBody& body) noexcept { body_ = &body; }

private:
    RequestBody* body_ = nullptr;
};

template <class M>
concept RawBodyType = requires { M::media_types; };

/// The members of a resource in the query, as a member of a request whose body is the bytes of that resource: `Fields`
/// is a described struct of `FormField`s. The handler binds them with `bind_query`, and before that may add what it
/// derives from elsewhere. A type derived from this names fields that it can do without in a static member `derived`.
template <class Fields>
class QueryFields {
public:
    using InQuery = Fields;

    void set(std::vector<JsonMember> query) { fields_ = std::move(query); }
    void add(std::string name, std::string text) {
        JsonValue value;
        value.kind = JsonValue::Kind::text;
        value.text = std::move(text);
        fields_.push_back({std::move(name), std::move(value)});
    }
    bool has(std::string_view name) const noexcept {
        return std::ranges::find(fields_, name, &JsonMember::name) != fields_.end();
    }
    std::vector<JsonMember> const& fields() const noexcept { return fields_; }

private:
    std::vector<JsonMember> fields_;
};

template <class M>
concept QueryFieldsType = requires { typename M::InQuery; };

/// Changes to a resource, as a member of a request: `Fields` is a described struct of the body's members as a new
/// resource has them. Each may be left out, which leaves it as it is. One that may be absent is cleared by `null` in
/// JSON (RFC 7396) and by an empty text field of a form; an empty number in a form is one that was not filled in.
template <class Fields>
class Patch {
public:
    using Changed = Fields;

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
concept PatchType = requires { typename M::Changed; };

namespace detail {

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

}  // namespace detail
}  // namespace clinikk::http
