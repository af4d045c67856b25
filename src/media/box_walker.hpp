#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "media/fragment_times.hpp"

namespace clinikk::media {

/// A top-level box of an ISO base media file (ISO/IEC 14496-12 section 4.2). All numbers are bytes.
struct Box {
    std::uint32_t type = 0;         ///< as `four_cc` gives it
    std::uint64_t offset = 0;       ///< of the header, from the start of the file
    std::uint64_t size = 0;         ///< with the header; meaningless when `to_end`
    bool to_end = false;            ///< size 0: the box takes the rest of the file
    std::uint8_t header_size = 0;   ///< 8, or 16 with a 64-bit size
    std::array<char, 16> header{};  ///< the bytes of the header
};

/// The result for the boxes of a whole file.
enum class BoxVerdict {
    complete,       ///< the `moov` and every box of a movie end within the file; something else may follow them
    truncated,      ///< the `moov` ends within the file, but another box of a movie does not
    without_index,  ///< the file ends before its `moov` does
    segment,        ///< fragments without their `moov`: a part of a stream
    no_movie,       ///< well-formed, but neither index nor media: not a movie
    malformed,      ///< a header that no box can have
};

/// Follows the top-level boxes of a file while its bytes arrive: no I/O, no recursion, bounded memory (it keeps the
/// headers of the first `max_boxes` boxes, the payload of the last `moof`, and the times of those before it).
class BoxWalker {
public:
    static constexpr std::size_t max_boxes = 1024;
    static constexpr std::size_t max_fragment = 4 << 20;

    /// Called for each box once its header has been read.
    using OnBox = std::function<void(Box const&)>;

    /// Takes the next bytes of the file, in order.
    void feed(std::string_view bytes, OnBox const& on_box = nullptr);

    /// The headers so far, in the order of the file; at most `max_boxes`.
    std::span<Box const> boxes() const noexcept { return boxes_; }

    /// The first `moov`, if its header has been read.
    std::optional<Box> const& movie() const noexcept { return movie_; }

    /// The payload of the last `moof`, if it has been read whole and has at most `max_fragment` bytes; else empty.
    std::string_view last_fragment() const noexcept { return fragment_; }

    /// The position of that `moof`, including its header.
    std::uint64_t last_fragment_offset() const noexcept { return fragment_offset_; }

    /// The times of the fragments before that one. Their media has been read whole.
    FragmentTimes const& earlier_fragments() const noexcept { return times_; }

    /// The number of bytes so far.
    std::uint64_t position() const noexcept { return position_; }

    /// The verdict for a file of `total_size` bytes, all of which were fed.
    BoxVerdict finish(std::uint64_t total_size) const noexcept;

    /// The end of the movie in a file of `total_size` bytes; what follows it is not a box of a movie.
    std::uint64_t end(std::uint64_t total_size) const noexcept;

private:
    void take_header(OnBox const& on_box);
    void begin_fragment(Box const& box);
    void record(Box const& box);
    std::string_view take_payload(std::string_view bytes);

    std::uint64_t position_ = 0;
    std::uint64_t payload_left_ = 0;  ///< bytes until the next header
    bool to_end_ = false;             ///< the current box takes the rest
    bool malformed_ = false;
    bool media_ = false;      ///< an `mdat` or a `moof` was seen
    bool has_brand_ = false;  ///< `ftyp`
    bool has_items_ = false;  ///< a `meta` of the file itself, as still images have
    bool stray_ = false;      ///< the current box has a type that is no text: bytes appended to the file
    bool has_fragments_ = false;
    std::uint32_t type_ = 0;    ///< of the current box
    std::uint64_t offset_ = 0;  ///< of its header
    std::array<char, 16> header_{};
    std::size_t header_filled_ = 0;
    std::size_t header_needed_ = 8;
    std::optional<Box> movie_;
    std::vector<Box> boxes_;
    bool in_fragment_ = false;
    std::string gathering_;
    std::string fragment_;
    std::uint64_t fragment_offset_ = 0;
    FragmentTimes times_;
};

}  // namespace clinikk::media
