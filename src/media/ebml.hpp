#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// A variable-size integer of EBML (RFC 8794 section 4).
struct Vint {
    std::uint64_t value = 0;
    std::size_t length = 0;  ///< bytes; 0 when there is no integer
    bool unknown = false;    ///< all data bits set
};

/// Returns the length of a variable-size integer from its first byte: 1 to 8, or 9 when the byte is invalid.
std::size_t vint_length(char first) noexcept;

/// Reads the integer at the start of `bytes`.
Vint read_vint(std::string_view bytes) noexcept;

/// A child of an element that is completely in memory.
struct EbmlChild {
    std::uint32_t id = 0;
    std::string_view payload;
};

/// Iterates over the children of an element.
class EbmlCursor {
public:
    explicit EbmlCursor(std::string_view payload) noexcept : rest_(payload) {}

    /// Returns the next child. Empty at the end, and when the remaining bytes are not an element.
    std::optional<EbmlChild> next() noexcept;

private:
    std::string_view rest_;
};

/// An unsigned integer element's value (RFC 8794 section 7.2); 0 when the payload is not valid.
std::uint64_t ebml_unsigned(std::string_view payload) noexcept;

/// A float element's value (RFC 8794 section 7.3); 0 when the payload is not valid.
double ebml_float(std::string_view payload) noexcept;

}  // namespace clinikk::media
