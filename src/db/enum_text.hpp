#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/described.hpp"

/// Enumerators are stored by their names. The CHECK constraints of the migrations list the same names.
namespace clinikk::db {

template <DescribedEnum Enum>
std::string_view enum_to_text(Enum value) {
    auto const text = enumerator_name(value);
    if (text.empty()) throw std::logic_error("an enumerator has no text");
    return text;
}

/// Throws for text that is not the name of an enumerator.
template <DescribedEnum Enum>
Enum enum_from_text(std::string_view stored) {
    auto const value = find_enumerator<Enum>(stored);
    if (!value) throw std::runtime_error("unknown value in the database: " + std::string(stored));
    return *value;
}

}  // namespace clinikk::db
