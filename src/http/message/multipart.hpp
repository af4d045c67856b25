#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message/part_header.hpp"

namespace clinikk::http {

/// The boundary of a multipart/form-data body, from the value of Content-Type. `unsupported_media_type` for another
/// type, `malformed_multipart` when the boundary is missing, given twice, or not valid (RFC 2046 section 5.1.1).
Result<std::string> parse_boundary(std::string_view content_type);

/// Parses a multipart/form-data body (RFC 7578, RFC 2046 section 5.1), without I/O.
///
/// The caller passes the input that has not been consumed, drops what a step has consumed, and on `need_more` calls
/// again with more bytes after the rest. The rest is then at most `least_buffer - 1` bytes, so a buffer of
/// `least_buffer` bytes always suffices. Data never waits for more than the length of a delimiter.
///
/// Lines end with CRLF only. White space after a boundary, a preamble and an epilogue are skipped.
class MultipartParser {
public:
    static constexpr std::size_t max_parts = 100;
    static constexpr std::size_t max_part_header = 8192;  ///< bytes of one part's fields, without the empty line
    static constexpr std::size_t max_preamble = 8192;     ///< bytes before the first boundary
    static constexpr std::size_t max_epilogue = 8192;     ///< bytes behind the last one
    static constexpr std::size_t max_padding = 256;       ///< white space behind a boundary
    static constexpr std::size_t least_buffer = max_part_header + 4;

    struct Step {
        enum class Kind : std::uint8_t { need_more, part_begin, data, part_end, end, refused };

        Kind kind = Kind::need_more;
        std::size_t consumed = 0;                         ///< bytes of the input that are done with
        std::string_view data{};                          ///< with `data`: not empty, a view into the input
        PartHeader part{};                                ///< with `part_begin`
        ErrorCode code = ErrorCode::malformed_multipart;  ///< with `refused`
        std::string_view reason{};                        ///< with `refused`: a constant sentence for the client
    };

    /// `boundary` is one that `parse_boundary` returned.
    explicit MultipartParser(std::string_view boundary);

    /// Returns the next event. After `end` (the last boundary) further calls consume the epilogue and return `end` or
    /// `refused`; after `refused` they return `refused`.
    Step next(std::string_view input);

    /// Call it when the body has ended. Returns `malformed_multipart` when the last boundary is missing.
    Result<void> finish() const;

private:
    enum class State : std::uint8_t { start, preamble, boundary_line, header, data_start, data, epilogue, refused };

    Step at_start(std::string_view input);
    Step in_preamble(std::string_view input);
    Step behind_boundary(std::string_view input);
    Step in_header(std::string_view input);
    Step at_data_start(std::string_view input);
    Step in_data(std::string_view input);
    Step in_epilogue(std::string_view input);

    /// Where the delimiter is, and how many bytes before it (or before what may become it) are certainly not part
    /// of one.
    struct Search {
        bool found = false;
        std::size_t before = 0;
    };
    Search find_delimiter(std::string_view input) const noexcept;
    std::string_view dash_boundary() const noexcept { return std::string_view(delimiter_).substr(2); }
    Step refuse(std::string_view reason) noexcept;

    std::string delimiter_;  ///< CRLF, two dashes, the boundary
    State state_ = State::start;
    std::size_t parts_ = 0;
    std::size_t skipped_ = 0;  ///< bytes of preamble, padding or epilogue, whichever is being read
    std::size_t scanned_ = 0;  ///< bytes of an incomplete header that hold no empty line
    std::string_view reason_{};
};

}  // namespace clinikk::http
