#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk::media {

/// The bytes of a file that arrive in pieces, as a parser wants them: so many in one view, so many passed over. Keeps
/// no more than the last `peek` asked for.
class PieceReader {
public:
    /// The next piece; it must stay until all of it has been used, which is when `peek` is empty.
    void feed(std::string_view piece) noexcept;

    /// The next `count` bytes, valid until the next call; empty when they have not all come yet: then everything that
    /// has come is kept for the next time.
    std::optional<std::string_view> peek(std::size_t count);

    /// Passes over bytes, also over those that are yet to come.
    void skip(std::uint64_t count);

    /// Passes over bytes until `pattern` is next. False when it has not come yet.
    bool skip_to(std::string_view pattern);

    /// Where the next byte to be read stands in the file: behind `received` when bytes that are yet to come are
    /// skipped.
    std::uint64_t position() const noexcept { return position_; }

    /// How many bytes have come.
    std::uint64_t received() const noexcept { return received_; }

    /// Whether all bytes that were passed over have come.
    bool has_caught_up() const noexcept { return position_ <= received_; }

private:
    std::string_view piece_;
    std::string carry_;  ///< bytes of earlier pieces, which stand before `piece_`
    std::uint64_t position_ = 0;
    std::uint64_t received_ = 0;
};

}  // namespace clinikk::media
