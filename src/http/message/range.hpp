#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/byte_range.hpp"

/// Byte ranges (RFC 9110 section 14).
namespace clinikk::http {

/// The result of reading a Range field.
struct RangeOutcome {
    static constexpr std::size_t max_ranges = 16;

    enum class Kind : std::uint8_t {
        whole,          ///< the field is to be ignored: the whole representation, 200
        satisfiable,    ///< `ranges()`, at least one: 206
        unsatisfiable,  ///< 416
    };

    Kind kind = Kind::whole;
    std::size_t count = 0;
    std::array<ByteRange, max_ranges> list{};

    /// In ascending order, none empty, none overlapping or touching another, all within the representation.
    std::span<ByteRange const> ranges() const noexcept { return {list.data(), count}; }
};

/// Reads the value of a Range field for a representation of `size` bytes. Ranges are sorted, and those that overlap or
/// touch are joined. Section 14.2 allows both; a server that answers overlapping ranges in full can be made to send
/// much for little.
///
/// `whole` when the field is empty, malformed or of another unit, and when it has more than `max_ranges` ranges,
/// satisfiable or not, which section 14.2 lets a server ignore. Also for a non-empty suffix of an empty
/// representation: that is satisfiable, but Content-Range cannot say so.
RangeOutcome parse_range(std::string_view value, std::uint64_t size);

/// The Content-Range value of a part, `bytes 0-499/1234` (section 14.4). The range is not empty.
std::string format_content_range(ByteRange range, std::uint64_t size);

/// The Content-Range value of a 416 answer, `bytes */1234`.
std::string format_unsatisfied(std::uint64_t size);

}  // namespace clinikk::http
