#pragma once

#include <cstddef>
#include <string_view>

namespace clinikk::media {

/// The byte at `at` as a number from 0 to 255. `at` lies within `bytes`.
constexpr unsigned byte_at(std::string_view bytes, std::size_t at) noexcept {
    return static_cast<unsigned char>(bytes[at]);
}

}  // namespace clinikk::media
