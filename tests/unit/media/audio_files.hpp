#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clinikk::media::audio_files {

inline std::string little_endian(std::uint64_t value, int count) {
    std::string bytes;
    for (; count > 0; --count, value >>= 8) bytes += static_cast<char>(value & 0xff);
    return bytes;
}

/// Bytes that are no header of anything.
inline std::string filler(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(1 + i * 7 % 100);
    return bytes;
}

/// A frame of MP3: 128 kbit/s, 44.1 kHz, stereo, 417 bytes, 1152 samples.
inline std::string mp3_frame() { return std::string("\xff\xfb\x90\x64", 4) + filler(413); }

/// A frame of ADTS: 44.1 kHz, 1024 samples.
inline std::string adts_frame(std::size_t size = 300) {
    std::string frame("\xff\xf1\x50\x80\0\x1f\xfc", 7);
    frame[3] = static_cast<char>(0x80 | size >> 11);
    frame[4] = static_cast<char>(size >> 3 & 0xff);
    frame[5] = static_cast<char>((size & 7) << 5 | 0x1f);
    return frame + filler(size - 7);
}

inline std::string repeat(std::string_view unit, int count) {
    std::string bytes;
    for (; count > 0; --count) bytes += unit;
    return bytes;
}

inline std::string synchsafe(std::size_t size) {
    std::string bytes;
    for (int shift = 21; shift >= 0; shift -= 7) bytes += static_cast<char>(size >> shift & 127);
    return bytes;
}

/// An ID3v2.4 tag with so many bytes of payload.
inline std::string id3v2(std::size_t payload, bool footer = false) {
    auto const rest = std::string("\4\0", 2) + (footer ? '\x10' : '\0') + synchsafe(payload);
    return "ID3" + rest + filler(payload) + (footer ? "3DI" + rest : std::string());
}

inline std::string id3v1() { return "TAG" + std::string("A title") + std::string(118, '\0'); }

inline std::string ape_block(std::size_t items, std::uint64_t flags) {
    return "APETAGEX" + little_endian(2000, 4) + little_endian(items + 32, 4) + little_endian(1, 4) +
           little_endian(flags, 4) + std::string(8, '\0');
}

/// An APEv2 tag, with or without its header.
inline std::string ape(std::size_t items, bool header) {
    constexpr std::uint64_t has_header = 1u << 31;
    constexpr std::uint64_t is_header = 1u << 29;
    auto const footer = filler(items) + ape_block(items, header ? has_header : 0);
    return header ? ape_block(items, has_header | is_header) + footer : footer;
}

inline std::string lyrics3v2(std::size_t text) {
    auto const body = "LYRICSBEGIN" + filler(text);
    auto const digits = std::to_string(body.size());
    return body + std::string(6 - digits.size(), '0') + digits + "LYRICS200";
}

inline std::string riff_chunk(std::string_view name, std::string_view payload) {
    auto chunk = std::string(name) + little_endian(payload.size(), 4) + std::string(payload);
    if (payload.size() % 2 == 1) chunk += '\0';
    return chunk;
}

/// `fmt ` of 8 kHz, one channel, 16 bits.
inline std::string wav_format() {
    return riff_chunk("fmt ", little_endian(1, 2) + little_endian(1, 2) + little_endian(8000, 4) +
                                  little_endian(16000, 4) + little_endian(2, 2) + little_endian(16, 2));
}

inline std::string riff(std::string_view chunks) {
    return "RIFF" + little_endian(chunks.size() + 4, 4) + "WAVE" + std::string(chunks);
}

}  // namespace clinikk::media::audio_files
