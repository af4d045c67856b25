#include "service/upload_checks.hpp"

#include <algorithm>
#include <limits>

#include "base/digest.hpp"
#include "service/upload_ending.hpp"

namespace clinikk {
namespace {

Error offset_mismatch(std::int64_t expected, std::uint64_t provided) {
    auto error = Error(ErrorCode::upload_offset_mismatch).with("Upload-Offset", std::to_string(expected));
    error.problem_type = mismatching_offset_type;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    auto const shown = static_cast<std::int64_t>(std::min(provided, most));
    error.members = {{"expected-offset", expected}, {"provided-offset", shown}};
    return error;
}

}  // namespace

bool is_right(std::string_view right, ResumableUpload const& row) {
    if (right.empty() || !row.right_sha256) return false;
    auto const digest = Sha256::of(right);
    return are_equal(digest, *row.right_sha256);
}

Error length_mismatch() {
    Error error(ErrorCode::upload_length_mismatch);
    error.problem_type = inconsistent_length_type;
    return error;
}

bool awaits_pieces(ResumableUpload const& row) noexcept {
    return row.state == ResumableState::open && row.concat == UploadConcat::final_ && !row.is_complete;
}

Result<void> check_state(ResumableUpload const& row, Timestamp at) {
    switch (row.state) {
        case ResumableState::failed: return read_outcome(row);
        case ResumableState::cancelled: return Error(ErrorCode::upload_cancelled);
        case ResumableState::expired: return Error(ErrorCode::upload_expired);
        case ResumableState::open:
            if (row.expires_at < at) return Error(ErrorCode::upload_expired);
            return {};
        case ResumableState::done: return {};
    }
    return {};
}

Result<void> check_chunk(ResumableUpload const& row, Chunk const& chunk, Timestamp at) {
    bool const has_gone = row.state == ResumableState::cancelled || row.state == ResumableState::expired;
    if (row.concat == UploadConcat::final_ && !has_gone) return Error(ErrorCode::upload_is_final);
    auto state = check_state(row, at);
    if (!state) return state;
    if (chunk.offset != static_cast<std::uint64_t>(row.offset)) return offset_mismatch(row.offset, chunk.offset);
    if (!chunk.length) return {};
    bool const fits = row.length ? *chunk.length == static_cast<std::uint64_t>(*row.length)
                                 : *chunk.length >= static_cast<std::uint64_t>(row.offset);
    return fits ? Result<void>{} : length_mismatch();
}

Task<Result<void>> expect_end(ByteSource& bytes) {
    auto const piece = co_await bytes.next();
    if (!piece) co_return piece.error();
    if (!piece->empty()) co_return Error(ErrorCode::upload_length_exceeded);
    co_return Result<void>{};
}

}  // namespace clinikk
