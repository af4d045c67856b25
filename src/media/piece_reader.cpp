#include "media/piece_reader.hpp"

#include <algorithm>

namespace clinikk::media {

void PieceReader::feed(std::string_view piece) noexcept {
    piece_ = piece;
    // The skipped bytes may end in this piece or after it.
    if (position_ > received_) {
        piece_.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(position_ - received_, piece.size())));
    }
    received_ += piece.size();
}

std::optional<std::string_view> PieceReader::peek(std::size_t count) {
    if (!has_caught_up()) return std::nullopt;
    if (carry_.empty() && piece_.size() >= count) return piece_.substr(0, count);
    if (carry_.size() < count) {
        auto const taken = std::min(count - carry_.size(), piece_.size());
        carry_.append(piece_.substr(0, taken));
        piece_.remove_prefix(taken);
    }
    if (carry_.size() < count) return std::nullopt;
    return std::string_view(carry_).substr(0, count);
}

void PieceReader::skip(std::uint64_t count) {
    position_ += count;
    auto const carried = static_cast<std::size_t>(std::min<std::uint64_t>(count, carry_.size()));
    carry_.erase(0, carried);
    count -= carried;
    piece_.remove_prefix(static_cast<std::size_t>(std::min<std::uint64_t>(count, piece_.size())));
}

bool PieceReader::skip_to(std::string_view pattern) {
    if (!has_caught_up()) return false;
    auto const rest = pattern.size() - 1;  // of a match that begins before the end of what has arrived
    if (!carry_.empty()) {
        auto const joint = carry_ + std::string(piece_.substr(0, rest));
        auto const found = joint.find(pattern);
        if (found != std::string::npos && found < carry_.size()) {
            skip(found);
            return true;
        }
        if (piece_.size() < rest) {
            carry_ = joint.substr(joint.size() - std::min(joint.size(), rest));
            position_ = received_ - carry_.size();
            piece_ = {};
            return false;
        }
        skip(carry_.size());
    }
    auto const found = piece_.find(pattern);
    if (found != std::string_view::npos) {
        skip(found);
        return true;
    }
    skip(piece_.size() - std::min(piece_.size(), rest));
    carry_ = piece_;
    piece_ = {};
    return false;
}

}  // namespace clinikk::media
