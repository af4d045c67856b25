#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// The stream information block of a FLAC stream (RFC 9639 section 8.2).
struct FlacStreamInfo {
    static constexpr std::size_t size = 34;  ///< bytes of the metadata block

    std::uint32_t min_frame = 0;  ///< bytes; 0 when unknown
    std::uint32_t sample_rate = 0;
    std::uint32_t channels = 0;
    std::uint32_t bits = 0;
    std::uint64_t total_samples = 0;  ///< per channel; 0 when unknown
};

/// Reads the block's `size` bytes. Empty when the values are invalid.
std::optional<FlacStreamInfo> read_stream_info(std::string_view block) noexcept;

/// The header of a frame (RFC 9639 section 9.1).
struct FlacFrame {
    static constexpr std::size_t max_header = 16;

    bool variable = false;     ///< `number` counts samples instead of frames
    std::uint64_t number = 0;  ///< number of the frame, or of its first sample
    std::uint32_t samples = 0;
    std::uint32_t header_size = 0;
};

/// Reads the frame header at the start of `bytes`. Empty when it is not a header of this stream or its checksum is
/// wrong.
std::optional<FlacFrame> read_flac_frame(std::string_view bytes, FlacStreamInfo const& info) noexcept;

/// Continues the frame checksum `crc` (RFC 9639 section 9.3) over `bytes`. The checksum over a complete frame is 0.
std::uint16_t flac_crc16(std::uint16_t crc, std::string_view bytes) noexcept;

}  // namespace clinikk::media
