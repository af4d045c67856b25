// Range fields: what comes out is in order, apart, within the representation, and covers just the bytes that were
// asked for, as a slow second reading of well-formed fields counts them.
#include <bitset>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/range.hpp"

using namespace clinikk;
using Kind = http::RangeOutcome::Kind;

namespace {

constexpr std::size_t small_size = 64;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_shape(http::RangeOutcome const& outcome, std::uint64_t size) {
    require((outcome.kind == Kind::satisfiable) == !outcome.ranges().empty());
    require(outcome.count <= http::RangeOutcome::max_ranges);
    std::uint64_t least = 0;
    for (auto const& range : outcome.ranges()) {
        require(range.length > 0 && range.offset >= least);
        require(range.offset < size && range.length <= size - range.offset);
        least = range.offset + range.length + 1;
        require(http::format_content_range(range, size).starts_with("bytes "));
    }
}

/// Makes a well-formed field from the input, three bytes a range, and counts its bytes.
void check_bytes(std::uint8_t const* data, std::size_t count) {
    std::string value = "bytes=";
    std::bitset<small_size> asked;
    for (std::size_t i = 0; i < count; ++i, data += 3) {
        std::size_t const first = data[1] % 80U;
        std::size_t const last = first + data[2] % 80U;
        if (i > 0) value += ", ";
        bool const suffix = data[0] % 3 == 0;
        bool const open = data[0] % 3 == 1;
        value += (suffix ? "" : std::to_string(first)) + "-" + (open ? "" : std::to_string(last));
        for (std::size_t at = 0; at < small_size; ++at) {
            if (suffix ? at + last >= small_size : at >= first && (open || at <= last)) asked.set(at);
        }
    }
    auto const outcome = http::parse_range(value, small_size);
    if (count > http::RangeOutcome::max_ranges) {
        require(outcome.kind == Kind::whole);
        return;
    }
    require(outcome.kind == (asked.any() ? Kind::satisfiable : Kind::unsatisfiable));
    std::bitset<small_size> given;
    for (auto const& range : outcome.ranges()) {
        for (std::uint64_t at = 0; at < range.length; ++at) given.set(range.offset + at);
    }
    require(given == asked);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string const value(reinterpret_cast<char const*>(data), size);
    for (std::uint64_t const of : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, UINT64_MAX}) {
        check_shape(http::parse_range(value, of), of);
        check_shape(http::parse_range("bytes=" + value, of), of);
    }
    if (size >= 3 && size < 60) check_bytes(data, size / 3);
    return 0;
}
