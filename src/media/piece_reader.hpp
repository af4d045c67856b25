#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk::media {

/// The bytes of a file that arrive in pieces, in the form that a parser needs: a number of bytes in one view, or a
/// number to skip. It stores no more than the last `peek` asked for.
class PieceReader {
public:
    /// Takes the next piece. The piece must stay valid until all of it has been used, that is until `peek` is empty.
    void feed(std::string_view piece) noexcept;

    /// The next `count` bytes, valid until the next call; empty when they have not all arrived: then everything that
    /// has arrived is kept for the next time.
    std::optional<std::string_view> peek(std::size_t count);

    /// Skips bytes, also bytes that have not arrived yet.
    void skip(std::uint64_t count);

    /// Skips bytes until `pattern` is next. Returns false when it has not arrived yet.
    bool skip_to(std::string_view pattern);

    /// The position of the next byte in the file. It is after `received` when bytes that have not arrived are being
    /// skipped.
    std::uint64_t position() const noexcept { return position_; }

    /// The number of bytes that have arrived.
    std::uint64_t received() const noexcept { return received_; }

    /// Returns whether all skipped bytes have arrived.
    bool has_caught_up() const noexcept { return position_ <= received_; }

private:
    std::string_view piece_;
    std::string carry_;  ///< bytes of earlier pieces, which precede `piece_`
    std::uint64_t position_ = 0;
    std::uint64_t received_ = 0;
};

}  // namespace clinikk::media
