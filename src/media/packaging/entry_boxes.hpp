#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"
#include "media/byte_at.hpp"

/// Boxes in memory, inside a sample entry.
namespace clinikk::media::packaging {

/// A box in memory.
struct EntryBox {
    std::string_view whole{};
    std::string_view type{};
    std::string_view payload{};
};

/// Takes the first box of `boxes`. Empty at the end, and at bytes that are no box: QuickTime ends such lists with
/// zeros, and some writers with junk.
inline std::optional<EntryBox> take_box(std::string_view& boxes) {
    if (boxes.size() < 8) return std::nullopt;
    auto const size = load_u32(boxes);
    if (size < 8 || size > boxes.size()) return std::nullopt;
    EntryBox const box{boxes.substr(0, size), boxes.substr(4, 4), boxes.substr(8, size - 8)};
    boxes.remove_prefix(size);
    return box;
}

/// The payload of the first box of a type, if there is one.
inline std::optional<std::string_view> find_box(std::string_view boxes, std::string_view type) {
    while (auto const box = take_box(boxes)) {
        if (box->type == type) return box->payload;
    }
    return std::nullopt;
}

/// The bytes from `at` on. Throws `DamagedIndex` when there are fewer than `needed`.
inline std::string_view bytes_at(std::string_view bytes, std::size_t at, std::size_t needed) {
    if (at > bytes.size() || bytes.size() - at < needed) throw DamagedIndex();
    return bytes.substr(at);
}

}  // namespace clinikk::media::packaging
