#include "media/packaging/top_level.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "media/big_endian.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t max_boxes = 100'000;

bool is_box_type(std::uint32_t type) noexcept {
    for (int shift = 24; shift >= 0; shift -= 8) {
        auto const c = type >> shift & 0xff;
        if ((c < 0x20 || c > 0x7e) && c != 0xa9) return false;
    }
    return true;
}

}  // namespace

TopLevel read_top_level(RandomBytes const& bytes, std::uint64_t file_size) {
    TopLevel top;
    auto& boxes = top.boxes;
    for (std::uint64_t at = 0; at < file_size && file_size - at >= 8;) {
        std::array<char, 16> buffer{};
        bytes.read_at(at, buffer);
        std::string_view const header(buffer.data(), buffer.size());
        std::uint64_t size = load_u32(header);
        std::uint64_t const header_size = size == 1 ? 16 : 8;
        if (size == 1) size = load_u64(header.substr(8));
        bool const is_open = size == 0;
        auto const left = file_size - at;
        TopBox box{.type = load_u32(header.substr(4)), .payload = at + header_size};
        if (!is_box_type(box.type) || (!is_open && size < header_size) || header_size > left) {
            top.ends_in_zeros = load_u64(header) == 0;
            break;
        }
        if (boxes.size() == max_boxes) {
            throw Unpackageable(RenditionReason::too_large, "The file has more fragments than an index can have.");
        }
        box.is_whole = !is_open && size <= left;
        box.whole = {at, at + (box.is_whole ? size : left)};
        boxes.push_back(box);
        at = box.whole.end;
    }
    return top;
}

TopBox const* find_top_box(std::vector<TopBox> const& boxes, std::uint32_t type) noexcept {
    auto const found = std::ranges::find(boxes, type, &TopBox::type);
    return found == boxes.end() ? nullptr : &*found;
}

}  // namespace clinikk::media::packaging
