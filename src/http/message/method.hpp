#pragma once

#include <cstdint>
#include <string_view>

namespace clinikk::http {

/// The request methods of RFC 9110 section 9.3 and RFC 5789. `other` is a method that is none of them.
enum class Method : std::uint8_t { get, head, post, put, patch, del, options, trace, connect, other };

/// The method as it stands in a request line. Empty for `other`.
std::string_view to_string(Method method) noexcept;

/// The method with that name. Names are case-sensitive (RFC 9110 section 9.1).
Method parse_method(std::string_view name) noexcept;

/// Whether the method asks for a representation and changes nothing: GET or HEAD.
constexpr bool is_retrieval(Method method) noexcept { return method == Method::get || method == Method::head; }

}  // namespace clinikk::http
