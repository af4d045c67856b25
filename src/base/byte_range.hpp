#pragma once

#include <cstdint>

namespace clinikk {

/// `length` bytes from `offset`.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

}  // namespace clinikk
