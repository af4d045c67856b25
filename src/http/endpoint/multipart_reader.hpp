#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/byte_source.hpp"
#include "http/message/multipart.hpp"

namespace clinikk::http {

/// The parts of a multipart/form-data body, pulled from its source. Bytes are views into the pieces of the source; only
/// bytes across two pieces are copied.
///
/// Errors are those of the source, or `malformed_multipart`; after an error the reader cannot be used.
class MultipartReader {
public:
    /// `body` must outlive this. `boundary` comes from `parse_boundary`. At most `buffer_size` bytes, and not less
    /// than `MultipartParser::least_buffer`, are held besides the source's piece.
    MultipartReader(ByteSource& body, std::string boundary, std::size_t buffer_size);

    /// Goes to the next part and skips the unread bytes of the current one. Empty when there is no further part: the
    /// body has then been read to its end, so that a truncated body is never accepted as complete.
    Task<Result<std::optional<PartHeader>>> next_part();

    /// The next bytes of the current part; empty at its end. The view is valid until the next call of any function.
    Task<Result<std::string_view>> read();

    /// The rest of the current part. Fails with `body_too_large`, which names the part, if it has more than `limit`
    /// bytes.
    Task<Result<std::string>> read_text(std::size_t limit);

private:
    using Step = MultipartParser::Step;

    Task<Result<Step>> step();
    Task<Result<bool>> fetch();
    std::string_view window() const noexcept;
    void drop(std::size_t bytes) noexcept;

    ByteSource& body_;
    MultipartParser parser_;
    std::size_t buffer_size_;
    std::string_view piece_{};  ///< of the source, what is not done with
    /// While joining: the end of the last piece that could not be decided (`old_size_` bytes), then a copy of the
    /// beginning of `piece_`; `used_` bytes of it are done with.
    std::string joint_{};
    bool joining_ = false;
    std::size_t old_size_ = 0;
    std::size_t used_ = 0;
    bool in_part_ = false;
    bool ended_ = false;
    std::string part_name_{};
};

}  // namespace clinikk::http
