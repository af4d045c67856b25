#pragma once

#include <optional>
#include <type_traits>

#include "domain/values.hpp"

/// What requests say of a content, whichever way it comes.
namespace clinikk::api {

using Title = Text<1, 200>;
using Description = Text<0, 5000>;

/// The plain value of a request's member that may be absent.
template <class M>
auto optional_value(M const& member) {
    using Value = std::remove_cvref_t<decltype(member->value())>;
    return member ? std::optional<Value>(member->value()) : std::nullopt;
}

}  // namespace clinikk::api
