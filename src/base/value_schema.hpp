#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clinikk {

/// How a value looks on the wire, as a value type describes itself: what the OpenAPI document says of it (JSON
/// Schema 2020-12 keywords) and which JSON kind the reader expects. Unset members say nothing.
struct ValueSchema {
    enum class Type { string, integer, boolean };

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
