#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clinikk::media::packaging {

/// What a sample entry tells, and the entry as init segments have it.
struct CodecFacts {
    std::string codec{};      ///< RFC 6381
    std::string entry{};      ///< the sample entry as ISO/IEC 14496-12 and the codec's own document define it
    std::uint32_t width = 0;  ///< of video: in square pixels, before rotation
    std::uint32_t height = 0;
    std::uint32_t channels = 0;  ///< of audio
    std::uint32_t sample_rate = 0;
    std::string silence{};  ///< of audio: one silent frame; empty: none is known
};

/// Reads the sample entry of a video track, its header included. Throws `Unpackageable` when players do not take the
/// codec from segments, and `DamagedIndex`.
CodecFacts read_video_entry(std::string_view entry);

/// Reads the sample entry of an audio track. `description_version` is that of the `stsd`: 0 lets QuickTime's versions
/// of sound entries in. Throws as `read_video_entry`.
CodecFacts read_audio_entry(std::string_view entry, std::uint8_t description_version);

}  // namespace clinikk::media::packaging
