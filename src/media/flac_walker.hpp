#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "media/flac_frame.hpp"
#include "media/format_walker.hpp"

namespace clinikk::media {

/// Parses FLAC (RFC 9639): skips the metadata blocks by their lengths, then searches for the headers of the frames.
/// Frame headers do not give the frame's length; a valid header continues the count of the preceding frame. ffprobe
/// receives a file of the stream information and the frames, without pictures, comments and padding.
///
/// `truncated`: the checksum of the last frame is wrong, or the stream information declares more samples than the file
/// holds.
class FlacWalker final : public FormatWalker {
public:
    /// `origin` is the file offset of the first byte that will be fed.
    explicit FlacWalker(std::uint64_t origin = 0) : position_(origin), media_begin_(origin) {}

    void feed(std::string_view bytes, KeptParts& kept) override;
    void end_of_file(KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    enum class Part : std::uint8_t { marker, block_header, stream_info, block, frames, damaged };

    std::string_view gather(std::string_view bytes, std::size_t count);
    std::string_view take_metadata(std::string_view bytes, KeptParts& kept);
    void take_block_header();
    void take_stream_info();
    void end_block(KeptParts& kept);
    void scan(std::string_view bytes);
    void examine(std::string_view bytes, std::uint64_t offset, std::size_t starts);
    void take_frame(FlacFrame const& frame, std::uint64_t offset);
    bool follows(FlacFrame const& frame, FlacFrame const& other) const noexcept;
    std::optional<std::uint64_t> last_frame_end(RandomBytes const& kept, std::uint64_t end) const;

    std::uint64_t position_;
    std::uint64_t media_begin_;
    Part part_ = Part::marker;
    std::string pending_;     ///< what came of the marker or the header; among frames: bytes that may begin one
    std::uint64_t skip_ = 0;  ///< bytes of the current block that are still to come
    bool last_block_ = false;
    std::string stream_info_{};  ///< the block's bytes
    std::optional<FlacStreamInfo> info_{};
    std::optional<FlacFrame> frame_{};  ///< the last frame found
    std::uint64_t frame_offset_ = 0;
    std::uint64_t frame_start_ = 0;     ///< the number of its first sample
    std::uint64_t first_sample_ = 0;    ///< of the whole file
    std::optional<FlacFrame> stray_{};  ///< a header that does not continue at the end of `frame_`
};

}  // namespace clinikk::media
