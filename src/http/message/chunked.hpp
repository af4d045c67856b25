#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clinikk::http {

/// Removes the chunked transfer coding from a body (RFC 9112 section 7.1), without I/O. Chunk extensions (at most 256
/// bytes a line) are skipped. Trailer fields (at most 8 KiB and 100 fields) are kept, apart from those that may not
/// stand behind a body. Lines end with CRLF only.
class ChunkedDecoder {
public:
    struct Step {
        enum class Kind : std::uint8_t { need_more, data, end, refused };

        Kind kind = Kind::need_more;
        std::size_t consumed = 0;   ///< bytes of the input that are done with
        std::string_view data{};    ///< with `data`: not empty, a view into the input
        std::string_view reason{};  ///< with `refused`: a constant sentence for the client
    };

    /// Returns the next event of the input, which begins after the bytes that earlier steps consumed. `need_more` has
    /// consumed all of it. At `end` the body is complete, and the bytes that were not consumed belong to the next
    /// message. After `end` or `refused`, every further step returns the same.
    Step next(std::string_view input);

    /// The value of the first trailer field of that name, without surrounding white space; empty before `end`, without
    /// one, and for fields that frame or route a message or say who sends it (RFC 9110 section 6.5.1).
    std::string_view trailer(std::string_view name) const noexcept;

private:
    enum class State : std::uint8_t {
        size,
        size_or_end,
        extension_blank,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        trailer_name,
        trailer_value,
        trailer_lf,
        final_lf,
        ended,
        refused,
    };

    /// Takes one byte that is not data. Returns false when the byte is not allowed there.
    bool take(char c);
    bool take_size(char c) noexcept;
    bool take_extension(char c) noexcept;
    bool take_trailer(char c);
    bool begin_trailer(char c);
    bool end_trailer();
    bool go(State next_state) noexcept;
    bool refuse(std::string_view reason) noexcept;

    State state_ = State::size;
    std::uint64_t left_ = 0;     ///< size so far, then bytes of the chunk that are to come
    std::uint32_t counter_ = 0;  ///< digits of the size, bytes of the extension or of the trailer section
    std::uint32_t trailer_fields_ = 0;
    std::string_view reason_{};
    std::vector<std::pair<std::string, std::string>> trailers_{};  ///< names and values; the last may be incomplete
};

}  // namespace clinikk::http
