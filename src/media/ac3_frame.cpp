#include "media/ac3_frame.hpp"

#include <array>

#include "media/byte_at.hpp"

namespace clinikk::media {
namespace {

constexpr std::array<std::uint32_t, 3> sample_rates{48000, 44100, 32000};
constexpr std::uint32_t block_samples = 256;

std::optional<AudioFrame> read_ac3(std::string_view bytes) {
    constexpr std::array<std::uint32_t, 19> kilobits{32,  40,  48,  56,  64,  80,  96,  112, 128, 160,
                                                     192, 224, 256, 320, 384, 448, 512, 576, 640};
    auto const rate_code = byte_at(bytes, 4) >> 6;
    auto const size_code = byte_at(bytes, 4) & 63;
    if (rate_code == 3 || size_code / 2 >= kilobits.size()) return std::nullopt;
    auto const sample_rate = sample_rates[rate_code];
    auto const padding = rate_code == 1 ? size_code & 1 : 0;
    auto const words = kilobits[size_code / 2] * 1000 * 6 * block_samples / 16 / sample_rate + padding;
    return AudioFrame{words * 2, 6 * block_samples, sample_rate, 0};
}

std::optional<AudioFrame> read_enhanced(std::string_view bytes) {
    constexpr std::array<std::uint32_t, 4> blocks{1, 2, 3, 6};
    auto const rate_code = byte_at(bytes, 4) >> 6;
    auto const second_code = byte_at(bytes, 4) >> 4 & 3;
    if (rate_code == 3 && second_code == 3) return std::nullopt;
    bool const dependent = byte_at(bytes, 2) >> 6 == 1;
    AudioFrame frame;
    frame.length = ((byte_at(bytes, 2) & 7) << 8 | byte_at(bytes, 3)) * 2 + 2;
    frame.sample_rate = rate_code == 3 ? sample_rates[second_code] / 2 : sample_rates[rate_code];
    frame.samples = dependent ? 0 : (rate_code == 3 ? 6 : blocks[second_code]) * block_samples;
    return frame;
}

std::optional<AudioFrame> read_frame(std::string_view bytes) noexcept {
    if (byte_at(bytes, 0) != 0x0b || byte_at(bytes, 1) != 0x77) return std::nullopt;
    auto const version = byte_at(bytes, 5) >> 3;  // bsid
    if (version > 16) return std::nullopt;
    auto const frame = version <= 10 ? read_ac3(bytes) : read_enhanced(bytes);
    return frame && frame->length > 6 ? frame : std::nullopt;
}

}  // namespace

FrameFormat const ac3_format{6, 4096, read_frame};

}  // namespace clinikk::media
