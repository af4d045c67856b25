#include "media/audio_frame.hpp"

#include <algorithm>
#include <array>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"

namespace clinikk::media {
namespace {

// The fields of an MPEG audio header that do not depend on the bit rate.
struct MpegHeader {
    bool first_version = false;
    unsigned layer = 0;
    unsigned bit_rate_index = 0;
    unsigned padding = 0;
    std::uint32_t sample_rate = 0;
    std::uint32_t kind = 0;
};

std::optional<MpegHeader> read_mpeg_header(std::string_view bytes) noexcept {
    constexpr std::array<std::uint32_t, 3> sample_rates{44100, 48000, 32000};
    if (byte_at(bytes, 0) != 0xff || (byte_at(bytes, 1) & 0xe0) != 0xe0) return std::nullopt;
    auto const version = byte_at(bytes, 1) >> 3 & 3;  // 0: 2.5, 2: 2, 3: 1
    auto const layer = 4 - (byte_at(bytes, 1) >> 1 & 3);
    auto const rate_index = byte_at(bytes, 2) >> 2 & 3;
    if (version == 1 || layer == 4 || rate_index == 3) return std::nullopt;
    MpegHeader header;
    header.first_version = version == 3;
    header.layer = layer;
    header.bit_rate_index = byte_at(bytes, 2) >> 4;
    header.padding = byte_at(bytes, 2) >> 1 & 1;
    header.sample_rate = sample_rates[rate_index] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    header.kind = load_u32(bytes) & 0xfffe0c00;
    return header;
}

std::optional<AudioFrame> read_mpeg_audio(std::string_view bytes) noexcept {
    constexpr std::array<std::array<std::uint16_t, 16>, 5> bit_rates{{
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0},  // version 1, layer I
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},     // version 1, layer II
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},      // version 1, layer III
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},     // version 2, layer I
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},          // version 2, layers II, III
    }};
    auto const header = read_mpeg_header(bytes);
    if (!header) return std::nullopt;
    auto const row = header->first_version ? header->layer - 1 : header->layer == 1 ? 3 : 4;
    std::uint32_t const bit_rate = bit_rates[row][header->bit_rate_index] * 1000u;
    if (bit_rate == 0) return std::nullopt;
    AudioFrame frame{0, 1152, header->sample_rate, header->kind};
    if (header->layer == 1) {
        frame.samples = 384;
        frame.length = (12 * bit_rate / header->sample_rate + header->padding) * 4;
    } else {
        if (header->layer == 3 && !header->first_version) frame.samples = 576;
        frame.length = frame.samples / 8 * bit_rate / header->sample_rate + header->padding;
    }
    return frame;
}

std::optional<AudioFrame> read_adts(std::string_view bytes) noexcept {
    constexpr std::array<std::uint32_t, 13> sample_rates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                         22050, 16000, 12000, 11025, 8000,  7350};
    if (byte_at(bytes, 0) != 0xff || (byte_at(bytes, 1) & 0xf6) != 0xf0) return std::nullopt;
    auto const rate_index = byte_at(bytes, 2) >> 2 & 15;
    if (rate_index >= sample_rates.size()) return std::nullopt;
    AudioFrame frame;
    frame.length = (byte_at(bytes, 3) & 3) << 11 | byte_at(bytes, 4) << 3 | byte_at(bytes, 5) >> 5;
    if (frame.length <= 7) return std::nullopt;
    frame.samples = 1024 * ((byte_at(bytes, 6) & 3) + 1);
    frame.sample_rate = sample_rates[rate_index];
    frame.kind = load_u32(bytes) & 0xfffefc00;
    return frame;
}

}  // namespace

FrameFormat const mpeg_audio_format{4, 2881, read_mpeg_audio};
FrameFormat const adts_format{7, 8191, read_adts};

FrameRun follow_frames(std::string_view bytes, FrameFormat const& format) noexcept {
    FrameRun run;
    while (run.frames < frames_for_sync && bytes.size() >= format.header_size) {
        auto const frame = format.read(bytes);
        run.broken = !frame || (run.first.length != 0 && frame->kind != run.first.kind);
        if (run.broken) break;
        if (run.first.length == 0) run.first = *frame;
        if (frame->length > bytes.size()) break;
        ++run.frames;
        bytes.remove_prefix(frame->length);
    }
    return run;
}

std::optional<std::size_t> find_frames(std::string_view bytes, FrameFormat const& format, bool all) noexcept {
    auto const first = bytes.find_first_not_of('\0');
    if (first == std::string_view::npos) return std::nullopt;
    if (all) {
        auto const run = follow_frames(bytes.substr(first), format);
        if (run.frames > 0 && !run.broken) return first;
    }
    for (auto at = bytes.find('\xff', first); at != std::string_view::npos; at = bytes.find('\xff', at + 1)) {
        if (follow_frames(bytes.substr(at), format).frames == frames_for_sync) return at;
    }
    return std::nullopt;
}

bool is_free_format(std::string_view bytes) noexcept {
    constexpr std::size_t header_size = 4;
    constexpr std::size_t longest = 8 * 1024;
    if (bytes.size() < header_size) return false;
    auto const header = read_mpeg_header(bytes);
    if (!header || header->bit_rate_index != 0) return false;
    auto const is_next = [&](std::size_t at) {
        if (at > bytes.size() || bytes.size() - at < header_size) return false;
        auto const next = read_mpeg_header(bytes.substr(at));
        return next && next->bit_rate_index == 0 && next->kind == header->kind;
    };
    for (auto at = bytes.find('\xff', header_size); at < longest; at = bytes.find('\xff', at + 1)) {
        // A frame with padding is longer by one slot.
        if (is_next(at) && (is_next(2 * at - 1) || is_next(2 * at) || is_next(2 * at + 1))) return true;
    }
    return false;
}

EncoderFrame read_encoder_frame(std::string_view frame) noexcept {
    constexpr std::size_t header_size = 4;
    if (frame.size() < header_size) return {};
    auto const header = read_mpeg_header(frame);
    if (!header || header->layer != 3) return {};
    bool const mono = (byte_at(frame, 3) & 0xc0) == 0xc0;
    std::size_t const side_info = header->first_version ? (mono ? 17 : 32) : (mono ? 9 : 17);
    auto const xing = frame.substr(std::min(frame.size(), header_size + side_info));
    if (xing.size() >= 16 && (xing.starts_with("Xing") || xing.starts_with("Info"))) {
        auto const flags = load_u32(xing.substr(4));
        bool const has_frames = (flags & 1) != 0;
        bool const has_size = (flags & 2) != 0;
        return {has_frames || has_size, has_frames ? load_u32(xing.substr(8)) : 0};
    }
    auto const vbri = frame.substr(std::min<std::size_t>(frame.size(), header_size + 32));
    if (vbri.size() >= 18 && vbri.starts_with("VBRI")) return {true, load_u32(vbri.substr(14))};
    return {};
}

}  // namespace clinikk::media
