#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace clinikk::media {

/// What the header of a frame says.
struct AudioFrame {
    std::uint32_t length = 0;       ///< bytes, with the header
    std::uint32_t samples = 0;      ///< of each channel
    std::uint32_t sample_rate = 0;  ///< samples a second
    std::uint32_t kind = 0;         ///< the header's bits that are the same in all frames of a stream
};

/// A format that is nothing but frames, each with a header that tells its length.
struct FrameFormat {
    std::size_t header_size;
    std::size_t max_length;  ///< of a frame, in bytes

    /// The frame that begins with these bytes, at least `header_size` of them; empty when they are no header.
    std::optional<AudioFrame> (*read)(std::string_view bytes) noexcept;
};

/// MPEG audio, layers I to III (ISO/IEC 11172-3 section 2.4.2.3, ISO/IEC 13818-3, and version 2.5). Frames of free
/// format, which do not tell their length, are none here.
extern FrameFormat const mpeg_audio_format;

/// AAC in ADTS (ISO/IEC 14496-3 section 1.A.3).
extern FrameFormat const adts_format;

/// How many frames in a row tell a stream from bytes that look like a header by chance.
constexpr int frames_for_sync = 3;

/// What frames there are from a place on.
struct FrameRun {
    int frames = 0;       ///< whole ones, at most `frames_for_sync`, all of one kind
    bool broken = false;  ///< something follows them that is no frame of that kind
    AudioFrame first{};
};

/// Follows frames from the first of these bytes on.
FrameRun follow_frames(std::string_view bytes, FrameFormat const& format) noexcept;

/// Where the first frame of a stream begins: `frames_for_sync` in a row, wherever they are. Bytes that are the whole
/// file (`all`) may have fewer, if nothing but zeros is in front of them and nothing else behind. Empty when there is
/// none.
std::optional<std::size_t> find_frames(std::string_view bytes, FrameFormat const& format, bool all) noexcept;

/// Whether these bytes begin an MP3 stream of free format: headers of one kind at one distance.
bool is_free_format(std::string_view bytes) noexcept;

/// Whether this frame of MPEG audio holds no sound, but what its encoder says of the whole file (Xing, Info or VBRI).
/// `frames` is their number as it says, 0 when it does not.
struct EncoderFrame {
    bool present = false;
    std::uint32_t frames = 0;
};
EncoderFrame read_encoder_frame(std::string_view frame) noexcept;

}  // namespace clinikk::media
