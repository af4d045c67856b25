#pragma once

#include <cstdint>

#include "media/box_cursor.hpp"

namespace clinikk::media::packaging {

enum class Rounding : std::uint8_t { nearest, up };

/// A time in units of one timescale, in units of another. `from` is not 0. Throws `DamagedIndex` when the result is out
/// of all proportion (2^53 and more).
inline std::uint64_t rescale(std::uint64_t time, std::uint32_t from, std::uint32_t to, Rounding rounding) {
    constexpr auto limit = std::uint64_t{1} << 53;
    auto const seconds = time / from;
    auto const more = rounding == Rounding::up ? from - 1 : from / 2;
    if (to != 0 && seconds >= limit / to) throw DamagedIndex();
    return seconds * to + (time % from * to + more) / from;
}

inline std::int64_t rescale_signed(std::int64_t time, std::uint32_t from, std::uint32_t to) {
    auto const magnitude =
        time < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(time) : static_cast<std::uint64_t>(time);
    auto const scaled = static_cast<std::int64_t>(rescale(magnitude, from, to, Rounding::nearest));
    return time < 0 ? -scaled : scaled;
}

}  // namespace clinikk::media::packaging
