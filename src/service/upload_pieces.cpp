#include "service/upload_pieces.hpp"

#include <algorithm>
#include <set>

namespace clinikk {
namespace {

constexpr std::size_t id_length = 36;

bool can_be_joined(ResumableUpload const& row, Uuid owner_id, Timestamp at) {
    bool const is_alive = row.state == ResumableState::open || row.state == ResumableState::done;
    bool const is_partial = row.concat == UploadConcat::partial;
    return is_alive && is_partial && row.owner_id == owner_id && row.expires_at >= at;
}

void add(FoundPieces& found, ResumableUpload const& row) {
    if (row.state != ResumableState::done) found.are_complete = false;
    if (row.length && found.size) {
        *found.size += static_cast<std::uint64_t>(*row.length);
    } else {
        found.size.reset();
    }
    found.pieces.push_back({row.id.to_string(), {static_cast<std::uint64_t>(row.offset), row.progress}});
}

}  // namespace

std::string format_pieces(std::span<Uuid const> ids) {
    std::string text;
    for (auto const& id : ids) {
        if (!text.empty()) text += ' ';
        text += id.to_string();
    }
    return text;
}

std::vector<Uuid> parse_pieces(std::string_view text) {
    std::vector<Uuid> ids;
    for (; text.size() >= id_length; text.remove_prefix(std::min(id_length + 1, text.size()))) {
        if (auto const id = Uuid::from_string(text.substr(0, id_length))) ids.push_back(*id);
    }
    return ids;
}

Task<Result<FoundPieces>> find_pieces(Repositories& repositories, Uuid owner_id, std::span<Uuid const> ids,
                                      Timestamp at) {
    FoundPieces found;
    // A short request that names one piece many times would have much written and read.
    std::set<Uuid> const different(ids.begin(), ids.end());
    if (different.size() != ids.size()) co_return Error(ErrorCode::upload_concat_invalid);
    for (auto const& id : ids) {
        auto const row = co_await repositories.resumable_uploads().find(id);
        auto const write = co_await repositories.uploads().find(id);
        bool const is_there = row && write && can_be_joined(*row, owner_id, at);
        if (!is_there) co_return Error(ErrorCode::upload_concat_invalid);
        if (found.pieces.empty()) found.store = write->store;
        if (found.store != write->store) co_return Error(ErrorCode::upload_concat_invalid);
        add(found, *row);
    }
    if (found.pieces.empty()) co_return Error(ErrorCode::upload_concat_invalid);
    co_return found;
}

Task<> hand_over_pieces(Repositories& repositories, std::string_view pieces, Timestamp until) {
    for (auto const& id : parse_pieces(pieces)) co_await repositories.resumable_uploads().hand_over_piece(id, until);
}

}  // namespace clinikk
