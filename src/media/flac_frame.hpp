#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// What a FLAC stream says of itself (RFC 9639 section 8.2).
struct FlacStreamInfo {
    static constexpr std::size_t size = 34;  ///< bytes of the metadata block

    std::uint32_t min_frame = 0;  ///< bytes; 0 when unknown
    std::uint32_t sample_rate = 0;
    std::uint32_t channels = 0;
    std::uint32_t bits = 0;
    std::uint64_t total_samples = 0;  ///< of each channel; 0 when unknown
};

/// Reads the block's `size` bytes. Empty when no stream can be so.
std::optional<FlacStreamInfo> read_stream_info(std::string_view block) noexcept;

/// The header of a frame (RFC 9639 section 9.1).
struct FlacFrame {
    static constexpr std::size_t max_header = 16;

    bool variable = false;     ///< `number` counts samples, and not frames
    std::uint64_t number = 0;  ///< of the frame or of its first sample
    std::uint32_t samples = 0;
    std::uint32_t header_size = 0;
};

/// The header that begins with these bytes; empty when they are none of this stream, or its checksum does not hold.
std::optional<FlacFrame> read_flac_frame(std::string_view bytes, FlacStreamInfo const& info) noexcept;

/// The checksum of frames (RFC 9639 section 9.3), of more bytes after those that gave `crc`. Over a whole frame it is
/// 0.
std::uint16_t flac_crc16(std::uint16_t crc, std::string_view bytes) noexcept;

}  // namespace clinikk::media
