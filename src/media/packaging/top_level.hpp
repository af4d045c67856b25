#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "media/sample_tables.hpp"

namespace clinikk::media::packaging {

/// A box of the file itself.
struct TopBox {
    std::uint32_t type = 0;
    Extent whole{};             ///< with its header; ends with the file at the latest
    std::uint64_t payload = 0;  ///< offset of its payload
    bool is_whole = false;      ///< it ends within the file, and says where
};

/// The boxes of a file in order, up to the first bytes that are no box.
struct TopLevel {
    std::vector<TopBox> boxes{};
    bool ends_in_zeros = false;  ///< zeros stand where the next box would be: of a probe file, what was not kept
};

/// Reads the boxes of a file. Throws `Unpackageable` when there are more than the limit allows.
TopLevel read_top_level(RandomBytes const& bytes, std::uint64_t file_size);

/// The first box of a type; null when there is none.
TopBox const* find_top_box(std::vector<TopBox> const& boxes, std::uint32_t type) noexcept;

}  // namespace clinikk::media::packaging
