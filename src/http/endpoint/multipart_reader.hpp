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

/// The parts of a multipart/form-data body, pulled from where the body comes from. Bytes are views into the source's
/// own pieces; only what lies across two pieces is copied.
///
/// Errors are the source's, or `malformed_multipart`; after one the reader is of no more use.
class MultipartReader {
public:
    /// `body` must outlive this. `boundary` comes from `parse_boundary`. At most `buffer_size` bytes, and not less
    /// than `MultipartParser::least_buffer`, are held besides the source's piece.
    MultipartReader(ByteSource& body, std::string boundary, std::size_t buffer_size);

    /// Goes to the next part, past what is unread of the current one. Empty when there is none: the body has been
    /// read to its end then, so that one that ended early is never taken for a whole one.
    Task<Result<std::optional<PartHeader>>> next_part();

    /// The next bytes of the current part; empty at its end. The view is valid until the next call of any function.
    Task<Result<std::string_view>> read();

    /// All that is left of the current part. `body_too_large`, naming the part, when that is over `limit` bytes.
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
