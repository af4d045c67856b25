#pragma once

#include <boost/describe/bases.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

/// Described structs (`BOOST_DESCRIBE_STRUCT`) by the names of their members, and described enums
/// (`BOOST_DESCRIBE_ENUM`) by those of their enumerators. Code that is derived from a struct here, such as its columns
/// or its JSON, follows its declaration, and nothing depends on the order of two members.
namespace clinikk {

/// The descriptors of the public members of `T`, those of its bases first.
template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
inline constexpr std::size_t member_count = boost::mp11::mp_size<MembersOf<T>>::value;

template <class T>
concept DescribedStruct = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;

/// Calls `visit` with each descriptor of `T`: `member.name`, `value.*member.pointer`.
template <DescribedStruct T, class Visit>
constexpr void for_each_member(Visit visit) {
    boost::mp11::mp_for_each<MembersOf<T>>(visit);
}

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

/// Calls `visit` with the value and the name of each enumerator. The `_` at the end of a name such as `public_` only
/// keeps that name from being a keyword of C++: what is stored and sent is `public`.
template <DescribedEnum Enum, class Visit>
constexpr void for_each_enumerator(Visit visit) {
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto enumerator) {
        std::string_view name = enumerator.name;
        if (name.ends_with('_')) name.remove_suffix(1);
        visit(enumerator.value, name);
    });
}

/// The name of a value; empty when it is no enumerator.
template <DescribedEnum Enum>
constexpr std::string_view enumerator_name(Enum value) {
    std::string_view found;
    for_each_enumerator<Enum>([&](Enum each, std::string_view name) {
        if (each == value) found = name;
    });
    return found;
}

/// The enumerator with that name.
template <DescribedEnum Enum>
constexpr std::optional<Enum> find_enumerator(std::string_view name) {
    std::optional<Enum> found;
    for_each_enumerator<Enum>([&](Enum each, std::string_view its_name) {
        if (its_name == name) found = each;
    });
    return found;
}

namespace detail {

/// The index of the member of `T` with that name; `member_count<T>` when there is none.
template <class T>
consteval std::size_t place_of(std::string_view name) {
    std::size_t place = member_count<T>;
    std::size_t index = 0;
    for_each_member<T>([&](auto member) {
        if (name == std::string_view(member.name)) place = index;
        ++index;
    });
    return place;
}

/// The value of a member for other layers: the member of a request gives its plain value.
template <class Member>
decltype(auto) plain_value(Member&& member) {
    if constexpr (requires { std::forward<Member>(member).plain(); }) {
        return std::forward<Member>(member).plain();
    } else {
        return std::forward<Member>(member);
    }
}

template <class Descriptor, class Target, class First, class... Rest>
void take_member(Target& target, First&& first, Rest&&... rest) {
    using Source = std::remove_cvref_t<First>;
    constexpr auto place = place_of<Source>(Descriptor::name);
    if constexpr (place < member_count<Source>) {
        using Found = boost::mp11::mp_at_c<MembersOf<Source>, place>;
        target.*Descriptor::pointer = plain_value(std::forward<First>(first).*Found::pointer);
    } else {
        static_assert(sizeof...(Rest) > 0, "a member of the target has no source of its name");
        take_member<Descriptor>(target, std::forward<Rest>(rest)...);
    }
}

}  // namespace detail

/// Makes a `Target` whose members each come from the first of `sources` that has a member of that name. Rvalue sources
/// are moved from. A member without a source does not compile.
template <DescribedStruct Target, class... Sources>
Target from_members(Sources&&... sources) {
    Target target{};
    for_each_member<Target>([&](auto member) {
        // Each member of a source is moved from at most once: names are unique in the target.
        detail::take_member<decltype(member)>(target, std::forward<Sources>(sources)...);
    });
    return target;
}

}  // namespace clinikk
