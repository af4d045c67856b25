#include "http/message/method.hpp"

#include <algorithm>
#include <array>

namespace clinikk::http {
namespace {

/// In the order of `Method`.
constexpr std::array<std::string_view, 9> names{"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                                "DELETE", "OPTIONS", "TRACE", "CONNECT"};
static_assert(names.size() == static_cast<std::size_t>(Method::other));

}  // namespace

std::string_view to_string(Method method) noexcept {
    return method == Method::other ? std::string_view() : names.at(static_cast<std::size_t>(method));
}

Method parse_method(std::string_view name) noexcept {
    auto const found = std::ranges::find(names, name);
    return static_cast<Method>(found - names.begin());
}

}  // namespace clinikk::http
