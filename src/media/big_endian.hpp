#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clinikk::media {

/// The first `count` bytes as an unsigned number, most significant first. `bytes` has at least `count` of them,
/// and `count` is at most 8.
constexpr std::uint64_t load_big_endian(std::string_view bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

/// The first four bytes, most significant first.
constexpr std::uint32_t load_u32(std::string_view bytes) noexcept {
    return static_cast<std::uint32_t>(load_big_endian(bytes, 4));
}

/// The first eight bytes, most significant first.
constexpr std::uint64_t load_u64(std::string_view bytes) noexcept { return load_big_endian(bytes, 8); }

/// A box type as a number: `four_cc("moov")`.
constexpr std::uint32_t four_cc(char const (&name)[5]) noexcept { return load_u32(std::string_view(name, 4)); }

}  // namespace clinikk::media
