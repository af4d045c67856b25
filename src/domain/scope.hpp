#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk {

/// What an API key may be used for. Each operation states the scope that it needs.
enum class Scope : std::uint8_t {
    content_read,   ///< `content:read`: browse and play
    content_write,  ///< `content:write`: upload, change and delete, as far as its owner may
    users_admin,    ///< `users:admin`: administer accounts; only while its owner is an admin
    audit_read,     ///< `audit:read`: read the audit log; only while its owner is an admin
};

inline constexpr std::array all_scopes{Scope::content_read, Scope::content_write, Scope::users_admin,
                                       Scope::audit_read};

/// The name in requests and documents: `content:read`.
std::string_view to_string(Scope scope) noexcept;

/// A set of scopes. As text, names with spaces between (RFC 6749 section 3.3).
class Scopes {
public:
    /// Takes names in any order. Empty when the text is not such a list, or names an unknown scope.
    static std::optional<Scopes> parse(std::string_view text);

    void add(Scope scope) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | bit(scope)); }
    bool contains(Scope scope) const noexcept { return (bits_ & bit(scope)) != 0; }

    /// The names in the order of `all_scopes`.
    std::string to_string() const;

    bool operator==(Scopes const&) const = default;

private:
    static constexpr std::uint8_t bit(Scope scope) noexcept {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scope));
    }

    std::uint8_t bits_ = 0;
};

}  // namespace clinikk
