#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/described.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "base/value_schema.hpp"

namespace clinikk::http {

struct MemberSchema;

/// The shape of a JSON value that we write.
struct Schema {
    enum class Kind { none, scalar, object, array, any_of };

    Kind kind = Kind::none;
    bool nullable = false;
    ValueSchema scalar{};
    std::string_view name{};                ///< of an object: its component
    std::vector<MemberSchema> members;      ///< of an object
    std::shared_ptr<Schema const> items{};  ///< of an array
    std::vector<Schema> alternatives{};     ///< of `any_of`
};

/// A member of an object, or of a request body.
struct MemberSchema {
    std::string_view name;
    Schema schema;
    bool required = true;
};

enum class ParameterPlace { path, query, header, cookie };

struct ParameterSchema {
    ParameterPlace place;
    MemberSchema member;
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// The shape of a C++ type as `write_json` writes it. A described struct names its component by a static member
/// `schema_name`; a type with a static `schema()` tells its own.
template <class T>
Schema schema_of();

/// A value of one of several shapes.
inline Schema any_of(std::vector<Schema> alternatives) {
    Schema schema;
    schema.kind = Schema::Kind::any_of;
    schema.alternatives = std::move(alternatives);
    return schema;
}

namespace detail {

inline Schema scalar_schema(ValueSchema value) {
    Schema schema;
    schema.kind = Schema::Kind::scalar;
    schema.scalar = std::move(value);
    return schema;
}

template <class T>
Schema struct_schema() {
    Schema schema;
    schema.kind = Schema::Kind::object;
    schema.name = T::schema_name;
    for_each_member<T>([&](auto member) {
        using Member = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
        schema.members.push_back({member.name, schema_of<Member>(), true});
    });
    return schema;
}

template <class T>
Schema enum_schema() {
    ValueSchema value;
    for_each_enumerator<T>([&](T, std::string_view name) { value.choices.push_back(name); });
    return scalar_schema(std::move(value));
}

}  // namespace detail

template <class T>
Schema schema_of() {
    using Type = ValueSchema::Type;
    if constexpr (requires { T::schema(); }) {
        return detail::scalar_schema(T::schema());
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        return detail::scalar_schema({});
    } else if constexpr (std::is_same_v<T, bool>) {
        return detail::scalar_schema({.type = Type::boolean});
    } else if constexpr (std::is_integral_v<T>) {
        return detail::scalar_schema({.type = Type::integer, .format = "int64"});
    } else if constexpr (std::is_same_v<T, Uuid>) {
        return detail::scalar_schema({.format = "uuid"});
    } else if constexpr (std::is_same_v<T, Timestamp>) {
        return detail::scalar_schema({.format = "date-time"});
    } else if constexpr (std::is_same_v<T, Sha256Digest>) {
        return detail::scalar_schema({.pattern = "^[0-9a-f]{64}$"});
    } else if constexpr (std::is_enum_v<T>) {
        return detail::enum_schema<T>();
    } else if constexpr (IsOptional<T>::value) {
        auto schema = schema_of<typename T::value_type>();
        schema.nullable = true;
        return schema;
    } else if constexpr (DescribedStruct<T>) {
        return detail::struct_schema<T>();
    } else {
        Schema schema;
        schema.kind = Schema::Kind::array;
        schema.items = std::make_shared<Schema const>(schema_of<typename T::value_type>());
        return schema;
    }
}

}  // namespace clinikk::http
