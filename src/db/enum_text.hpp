#pragma once

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

/// Enumerators are stored by their names. The CHECK constraints of the migrations list the same names.
namespace clinikk::db {

template <class Enum>
concept StoredEnum = std::is_enum_v<Enum> && boost::describe::has_describe_enumerators<Enum>::value;

template <StoredEnum Enum>
std::string_view enum_to_text(Enum value) {
    std::string_view text;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto enumerator) {
        if (enumerator.value == value) text = enumerator.name;
    });
    if (text.empty()) throw std::logic_error("an enumerator has no text");
    return text;
}

/// Throws for text that is not the name of an enumerator.
template <StoredEnum Enum>
Enum enum_from_text(std::string_view stored) {
    Enum value{};
    bool found = false;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto enumerator) {
        if (stored != enumerator.name) return;
        value = enumerator.value;
        found = true;
    });
    if (!found) throw std::runtime_error("unknown value in the database: " + std::string(stored));
    return value;
}

}  // namespace clinikk::db
