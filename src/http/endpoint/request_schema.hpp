#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "http/endpoint/endpoint.hpp"
#include "http/endpoint/request_member.hpp"

/// What the types of a request's members say of an operation's parameters and body.
namespace clinikk::http {

namespace detail {

template <class Struct, class Descriptor>
using MemberAt = std::remove_cvref_t<decltype(std::declval<Struct>().*Descriptor::pointer)>;

template <class M>
MemberSchema describe_member(std::string_view name);

/// The shape of a JSON object inside a body.
template <class T>
Schema describe_object() {
    Schema object;
    object.kind = Schema::Kind::object;
    object.name = T::schema_name;
    for_each_member<T>(
        [&](auto member) { object.members.push_back(describe_member<MemberAt<T, decltype(member)>>(member.name)); });
    return object;
}

template <StructuredType T>
Schema describe_structure() {
    if constexpr (ListType<T>) {
        Schema list;
        list.kind = Schema::Kind::array;
        list.items = std::make_shared<Schema const>(describe_object<typename T::Item>());
        return list;
    } else {
        return describe_object<typename T::Described>();
    }
}

template <class M>
MemberSchema describe_member(std::string_view name) {
    if constexpr (StructuredType<typename M::Inner>) {
        return {name, describe_structure<typename M::Inner>(), !M::may_be_absent};
    } else {
        auto value = M::Inner::schema();
        bool const required = !M::may_be_absent && value.fallback.empty();
        return {name, scalar_schema(std::move(value)), required};
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

}  // namespace detail

/// Adds to `schema` what the request type `R` takes.
template <class R>
void describe_request(OperationSchema& schema) {
    for_each_member<R>([&](auto member) {
        using M = detail::MemberAt<R, decltype(member)>;
        if constexpr (PatchType<M>) {
            OperationSchema whole;
            describe_request<typename M::Changed>(whole);
            for (auto& field : whole.body) field.required = false;
            std::ranges::move(whole.body, std::back_inserter(schema.body));
        } else if constexpr (QueryFieldsType<M>) {
            OperationSchema whole;
            describe_request<typename M::InQuery>(whole);
            for (auto& field : whole.body) {
                field.schema.nullable = false;
                if constexpr (requires { M::derived; }) {
                    field.required = field.required && std::ranges::find(M::derived, field.name) == M::derived.end();
                }
                schema.parameters.push_back({ParameterPlace::query, std::move(field)});
            }
        } else if constexpr (RawBodyType<M>) {
            schema.raw_body.assign(std::begin(M::media_types), std::end(M::media_types));
        } else {
            auto described = detail::describe_member<M>(detail::WireName<M, decltype(member)>::value);
            if constexpr (M::place == Place::body) {
                described.schema.nullable = M::may_be_absent;
                schema.body.push_back(std::move(described));
            } else {
                schema.parameters.push_back({detail::parameter_place(M::place), std::move(described)});
            }
        }
    });
}

}  // namespace clinikk::http
