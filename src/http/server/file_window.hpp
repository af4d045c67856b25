#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_range.hpp"

namespace clinikk::http {

/// A position in a list of pieces of a file.
struct PiecePosition {
    std::size_t piece = 0;
    std::uint64_t offset = 0;  ///< bytes of that piece that are done

    /// Moves on by that many bytes. Empty pieces are passed.
    void advance(std::span<ByteRange const> pieces, std::uint64_t bytes) noexcept;
};

/// What one read of a file gives of its pieces: the pieces that stand close together, with the bytes between them.
struct FileWindow {
    ByteRange range{};               ///< of the file: what to read
    std::vector<ByteRange> parts{};  ///< of what was read: what to send, in order
};

/// The window that begins at a position, which is not the end: at most `size` bytes and `max_parts` parts. Pieces that
/// are further away, or stand before the others, are for the next window.
FileWindow window_at(std::span<ByteRange const> pieces, PiecePosition position, std::size_t size,
                     std::size_t max_parts);

/// Whether pieces are so large that a system call for each of them costs less than copying them.
bool are_large(std::span<ByteRange const> pieces) noexcept;

}  // namespace clinikk::http
