#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace clinikk::media {

/// The header of a frame.
struct AudioFrame {
    std::uint32_t length = 0;       ///< bytes, with the header
    std::uint32_t samples = 0;      ///< of each channel
    std::uint32_t sample_rate = 0;  ///< samples a second
    std::uint32_t kind = 0;         ///< the bits of the header that are the same in all frames of a stream
};

/// A format that consists of frames, each with a header that states its length.
struct FrameFormat {
    std::size_t header_size;
    std::size_t max_length;  ///< of a frame, in bytes

    /// Reads the frame that begins with these bytes, at least `header_size` of them; empty when they are not a header.
    std::optional<AudioFrame> (*read)(std::string_view bytes) noexcept;
};

/// MPEG audio, layers I to III (ISO/IEC 11172-3 section 2.4.2.3, ISO/IEC 13818-3, and version 2.5). Frames of free
/// format, which do not state their length, are not accepted.
extern FrameFormat const mpeg_audio_format;

/// AAC in ADTS (ISO/IEC 14496-3 section 1.A.3).
extern FrameFormat const adts_format;

/// The number of consecutive frames that distinguishes a stream from bytes that look like a header by chance.
constexpr int frames_for_sync = 3;

/// The frames from a position on.
struct FrameRun {
    int frames = 0;       ///< whole ones, at most `frames_for_sync`, all of one kind
    bool broken = false;  ///< followed by something that is not a frame of that kind
    AudioFrame first{};
};

/// Follows frames from the first of these bytes on.
FrameRun follow_frames(std::string_view bytes, FrameFormat const& format) noexcept;

/// The start of the first frame of a stream: `frames_for_sync` consecutive frames, wherever they are. If the bytes are
/// the whole file (`all`), fewer frames suffice if only zeros precede them and nothing else follows. Empty when there
/// is none.
std::optional<std::size_t> find_frames(std::string_view bytes, FrameFormat const& format, bool all) noexcept;

/// Returns whether these bytes begin an MP3 stream of free format: headers of one kind at a constant distance.
bool is_free_format(std::string_view bytes) noexcept;

/// Returns whether this frame of MPEG audio contains no sound but information about the whole file (Xing, Info or
/// VBRI). `frames` is the number of frames that it states, or 0.
struct EncoderFrame {
    bool present = false;
    std::uint32_t frames = 0;
};
EncoderFrame read_encoder_frame(std::string_view frame) noexcept;

}  // namespace clinikk::media
