#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// A variable-size integer of EBML (RFC 8794 section 4).
struct Vint {
    std::uint64_t value = 0;
    std::size_t length = 0;  ///< bytes; 0: there is none
    bool unknown = false;    ///< all data bits set
};

/// The length of a variable-size integer by its first byte: 1 to 8; 9 when no integer begins so.
std::size_t vint_length(char first) noexcept;

/// The integer that `bytes` begin with.
Vint read_vint(std::string_view bytes) noexcept;

/// A child of an element that is in memory as a whole.
struct EbmlChild {
    std::uint32_t id = 0;
    std::string_view payload;
};

/// The children of an element, one after the other.
class EbmlCursor {
public:
    explicit EbmlCursor(std::string_view payload) noexcept : rest_(payload) {}

    /// Empty at the end, and where the rest is no element.
    std::optional<EbmlChild> next() noexcept;

private:
    std::string_view rest_;
};

/// An unsigned integer element's value (RFC 8794 section 7.2); 0 when it is no such element.
std::uint64_t ebml_unsigned(std::string_view payload) noexcept;

/// A float element's value (RFC 8794 section 7.3); 0 when it is no such element.
double ebml_float(std::string_view payload) noexcept;

}  // namespace clinikk::media
