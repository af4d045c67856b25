#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clinikk::media {

/// The first `count` bytes as an unsigned number, least significant first. `bytes` has at least `count` of them, and
/// `count` is at most 8.
constexpr std::uint64_t load_little_endian(std::string_view bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    while (count-- > 0) value = value << 8 | static_cast<unsigned char>(bytes[count]);
    return value;
}

}  // namespace clinikk::media
