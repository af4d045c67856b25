#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clinikk {

/// The members of one JSON object as a token's header or claims are: strings and whole numbers are kept, values of
/// other kinds are only known to be there.
class FlatObject {
public:
    struct Other {};
    using Value = std::variant<Other, std::int64_t, std::string>;

    /// Empty unless `text` is exactly one JSON object (RFC 8259) in which no name occurs twice.
    static std::optional<FlatObject> parse(std::string_view text);

    bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
    /// Null when it is absent or no string.
    std::string const* text(std::string_view name) const noexcept;
    /// Null when it is absent or no number that is written as an integer and fits 64 bits.
    std::int64_t const* integer(std::string_view name) const noexcept;

private:
    using Members = std::vector<std::pair<std::string, Value>>;

    explicit FlatObject(Members members) : members_(std::move(members)) {}
    Value const* find(std::string_view name) const noexcept;

    Members members_;
};

}  // namespace clinikk
