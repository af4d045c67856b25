#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "media/audio_frame.hpp"
#include "media/format_walker.hpp"

namespace clinikk::media {

/// Follows MPEG audio (MP3) and ADTS from frame to frame, and counts them: such files have no index, and what their
/// first frame says of their length need not be true. Bytes between frames are passed over until frames of the same
/// kind go on, as players do.
///
/// `truncated`: the file ends inside a frame, or its Xing, Info or VBRI frame tells of more frames than there are.
class FrameWalker final : public FormatWalker {
public:
    /// The bytes that will be fed begin at `origin` of the file.
    explicit FrameWalker(FrameFormat const& format, std::uint64_t origin = 0);

    void feed(std::string_view bytes, KeptParts& kept) override;
    void end_of_file(KeptParts& kept) override { walk(kept, true); }
    Walked finish(RandomBytes const& kept) override;

private:
    void walk(KeptParts& kept, bool all);
    std::size_t follow(std::string_view rest);
    std::size_t search(std::string_view rest, KeptParts& kept, bool all);
    void begin(std::string_view media, std::uint64_t offset, KeptParts& kept);
    void count(std::uint64_t end);
    bool is_declared_longer() const noexcept;

    FrameFormat const& format_;
    std::size_t capacity_;
    std::string buffer_;          ///< bytes that were fed and not yet understood
    std::uint64_t buffer_begin_;  ///< the offset of its first byte
    std::uint64_t skip_ = 0;      ///< what is yet to come of the current frame
    AudioFrame current_{};        ///< the frame that is not whole yet, while `skip_` is not 0
    bool in_sync_ = false;
    AudioFrame first_{};  ///< length 0: none was found yet
    std::uint64_t media_begin_ = 0;
    std::uint64_t media_end_ = 0;
    std::uint64_t frames_ = 0;
    std::uint64_t samples_ = 0;
    EncoderFrame encoder_{};   ///< what the first frame is, if it holds no sound
    bool at_encoder_ = false;  ///< that frame is the next to be counted
};

}  // namespace clinikk::media
