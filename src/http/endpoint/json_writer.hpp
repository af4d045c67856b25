#pragma once

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/described.hpp"
#include "base/encoding.hpp"
#include "base/json_text.hpp"
#include "http/endpoint/schema.hpp"

namespace clinikk::http {

/// An object whose text is at hand.
struct JsonObject {
    std::string text = "{}";

    static ValueSchema schema() { return {.type = ValueSchema::Type::object}; }
    JsonObject& operator=(std::string object) {
        text = std::move(object);
        return *this;
    }
};

/// Appends a value as JSON: described structs become objects in the order of their members, absent optionals become
/// null. It writes text directly: a listing of 100 rows has no time for a tree in between.
template <class T>
void write_json(std::string& out, T const& value);

namespace detail {

inline void write_integer(std::string& out, std::int64_t value) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// Text that needs no escapes.
inline void write_plain(std::string& out, std::string_view text) {
    out += '"';
    out += text;
    out += '"';
}

template <class T>
void write_struct(std::string& out, T const& value) {
    char separator = '{';
    for_each_member<T>([&](auto member) {
        out += separator;
        separator = ',';
        write_plain(out, member.name);
        out += ':';
        write_json(out, value.*member.pointer);
    });
    if (separator == '{') out += '{';
    out += '}';
}

template <class T>
void write_array(std::string& out, T const& values) {
    char separator = '[';
    for (auto const& value : values) {
        out += separator;
        separator = ',';
        write_json(out, value);
    }
    if (separator == '[') out += '[';
    out += ']';
}

}  // namespace detail

template <class T>
void write_json(std::string& out, T const& value) {
    if constexpr (std::is_same_v<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
        detail::write_integer(out, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_convertible_v<T const&, std::string_view>) {
        append_json_string(out, value);
    } else if constexpr (std::is_same_v<T, JsonObject>) {
        out += value.text;
    } else if constexpr (std::is_same_v<T, Uuid>) {
        char text[36];
        format_uuid(value, text);
        detail::write_plain(out, {text, sizeof text});
    } else if constexpr (std::is_same_v<T, Timestamp>) {
        detail::write_plain(out, format_rfc3339(value));
    } else if constexpr (std::is_same_v<T, Sha256Digest>) {
        detail::write_plain(out, to_hex(value));
    } else if constexpr (std::is_enum_v<T>) {
        detail::write_plain(out, enumerator_name(value));
    } else if constexpr (IsOptional<T>::value) {
        if (value) {
            write_json(out, *value);
        } else {
            out += "null";
        }
    } else if constexpr (DescribedStruct<T>) {
        detail::write_struct(out, value);
    } else {
        detail::write_array(out, value);
    }
}

}  // namespace clinikk::http
