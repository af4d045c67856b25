#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"
#include "domain/appendable_objects.hpp"
#include "domain/unit_of_work.hpp"

/// The partial uploads that a final one joins (tus 1.0.0, extension Concatenation).
namespace clinikk {

using UploadPiece = AppendableObjects::Piece;

/// The ids as `ResumableUpload::pieces` has them.
std::string format_pieces(std::span<Uuid const> ids);

/// Reads what `format_pieces` wrote.
std::vector<Uuid> parse_pieces(std::string_view text);

struct FoundPieces {
    std::vector<UploadPiece> pieces{};
    std::string store{};
    std::optional<std::uint64_t> size = 0;  ///< together; none as long as the length of one is not known
    bool are_complete = true;
};

/// How long pieces stay after the final upload has ended, however it ended, for a client that joins them once more.
inline constexpr std::chrono::minutes joined_piece_life{10};

/// Finds pieces that belong to that account. Fails with `upload_concat_invalid` when there are none, when one is named
/// twice, or when one of them is gone, is no partial upload, or lies in another store than the others.
Task<Result<FoundPieces>> find_pieces(Repositories& repositories, Uuid owner_id, std::span<Uuid const> ids,
                                      Timestamp at);

/// The final upload takes over what its complete pieces have reserved: they count no more to their owner, and stay
/// until `until` at most. Call it in a transaction.
Task<> hand_over_pieces(Repositories& repositories, std::string_view pieces, Timestamp until);

}  // namespace clinikk
