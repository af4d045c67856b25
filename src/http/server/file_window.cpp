#include "http/server/file_window.hpp"

#include <algorithm>

namespace clinikk::http {
namespace {

/// Measured on loopback with pieces of 22, 72 and 144 KiB on average: a window of 512 KiB and one call for its parts
/// take 0.46, 0.67 and 0.68 of the processor time of `sendfile` for each piece. Only what fills a window is left to
/// `sendfile`.
constexpr std::uint64_t large_piece = 512UL * 1024;

}  // namespace

void PiecePosition::advance(std::span<ByteRange const> pieces, std::uint64_t bytes) noexcept {
    offset += bytes;
    while (piece < pieces.size() && offset >= pieces[piece].length) offset -= pieces[piece++].length;
}

FileWindow window_at(std::span<ByteRange const> pieces, PiecePosition position, std::size_t size,
                     std::size_t max_parts) {
    auto const begin = pieces[position.piece].offset + position.offset;
    FileWindow window{{begin, 0}, {}};
    for (auto index = position.piece; index < pieces.size() && window.parts.size() < max_parts; ++index) {
        auto const done = index == position.piece ? position.offset : 0;
        auto const from = pieces[index].offset + done;
        if (from < begin + window.range.length || from - begin >= size) break;
        auto const length = std::min(pieces[index].length - done, size - (from - begin));
        window.parts.push_back({from - begin, length});
        window.range.length = from - begin + length;
        if (length < pieces[index].length - done) break;
    }
    return window;
}

bool are_large(std::span<ByteRange const> pieces) noexcept {
    std::uint64_t sum = 0;
    for (auto const& piece : pieces) sum += piece.length;
    return sum >= large_piece * pieces.size();
}

}  // namespace clinikk::http
