#pragma once

#include <cstdint>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/byte_source.hpp"
#include "domain/resumable_upload.hpp"
#include "service/resumable_upload_service.hpp"

/// What a resumable upload permits.
namespace clinikk {

/// Returns whether `right` is the one in the URL of the upload. Takes the same time wherever they differ.
bool is_right(std::string_view right, ResumableUpload const& row);

/// The error for a length that differs from the one that is known.
Error length_mismatch();

/// Whether the upload joins others that were not complete when it was begun.
bool awaits_pieces(ResumableUpload const& row) noexcept;

/// Fails when the upload has ended in any other way than by its completion.
Result<void> check_state(ResumableUpload const& row, Timestamp at);

/// Returns whether the upload can take that chunk, in the order in which both protocols want to know.
Result<void> check_chunk(ResumableUpload const& row, Chunk const& chunk, Timestamp at);

/// For an upload that has all its bytes: fails with `upload_length_exceeded` when there are more.
Task<Result<void>> expect_end(ByteSource& bytes);

}  // namespace clinikk
