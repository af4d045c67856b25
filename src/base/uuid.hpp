#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk {

/// A UUID (RFC 9562), 16 bytes in network order.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(Uuid const&) const = default;

    /// The 36-character lower-case form.
    std::string to_string() const;

    /// The 36-character form in either case; anything else is empty.
    static std::optional<Uuid> from_string(std::string_view text) noexcept;
};

/// Writes the 36 characters to `out`.
void format_uuid(Uuid const& id, char* out) noexcept;

/// Makes UUIDv7 values (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits. Random bytes are
/// taken from the kernel in blocks. Not thread-safe: one per thread, or `new_uuid`.
class UuidSource {
public:
    Uuid next();

private:
    std::array<std::uint8_t, 1000> random_{};
    std::size_t left_ = 0;
};

/// One UUIDv7. Thread-safe; costs a system call.
Uuid new_uuid();

}  // namespace clinikk

template <>
struct std::hash<clinikk::Uuid> {
    std::size_t operator()(clinikk::Uuid const& id) const noexcept {
        // The tail of a UUIDv7 is random.
        std::size_t value = 0;
        for (std::size_t i = 8; i < 16; ++i) value = value << 8 | id.bytes[i];
        return value;
    }
};
