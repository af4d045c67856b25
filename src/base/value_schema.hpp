#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clinikk {

/// The wire format of a value, as its value type describes it: the JSON Schema 2020-12 keywords for the OpenAPI
/// document, and the JSON kind that the reader expects. Unset members are left out.
struct ValueSchema {
    enum class Type { string, integer, boolean, object };

    Type type = Type::string;
    std::string_view format{};
    std::optional<std::uint64_t> min_length{};  ///< Unicode code points
    std::optional<std::uint64_t> max_length{};
    std::optional<std::int64_t> minimum{};
    std::optional<std::int64_t> maximum{};
    std::vector<std::string_view> choices{};  ///< `enum`
    std::string_view pattern{};
    std::string_view description{};
    std::string_view example{};
    std::string_view fallback{};  ///< `default`, as text
};

}  // namespace clinikk
