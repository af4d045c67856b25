#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "media/audio_frame.hpp"
#include "media/format_walker.hpp"

namespace clinikk::media {

/// Parses MPEG audio (MP3) and ADTS frame by frame and counts the frames, because such files have no index and the
/// length that their first frame declares may be wrong. Like players, it skips bytes between frames until frames of the
/// same kind continue.
///
/// `truncated`: the file ends inside a frame, or its Xing, Info or VBRI frame declares more frames than there are.
class FrameWalker final : public FormatWalker {
public:
    /// `origin` is the file offset of the first byte that will be fed. `format` must outlive the walker.
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
    std::string buffer_;          ///< bytes fed and not yet parsed
    std::uint64_t buffer_begin_;  ///< the offset of its first byte
    std::uint64_t skip_ = 0;      ///< bytes of the current frame that are still to come
    AudioFrame current_{};        ///< the incomplete frame while `skip_` is not 0
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
