#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Boxes written by hand, for tests.
namespace clinikk::media::boxes {

inline std::string u32(std::uint64_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
}

inline std::string u64(std::uint64_t value) { return u32(value >> 32) + u32(value & 0xffff'ffff); }

inline std::string box(std::string_view type, std::string_view payload) {
    return u32(8 + payload.size()) + std::string(type) + std::string(payload);
}

/// With the size as a 64-bit number.
inline std::string wide_box(std::string_view type, std::string_view payload) {
    return u32(1) + std::string(type) + u64(16 + payload.size()) + std::string(payload);
}

/// With version 0 and no flags.
inline std::string full_box(std::string_view type, std::string_view payload) {
    return box(type, u32(0) + std::string(payload));
}

struct TrackTables {
    std::string stsz = full_box("stsz", u32(0) + u32(0));
    std::string stsc = full_box("stsc", u32(0));
    std::string stco = full_box("stco", u32(0));
};

inline std::string trak(TrackTables const& tables, std::uint32_t id = 1, std::uint32_t timescale = 1000) {
    auto const tkhd = full_box("tkhd", u32(0) + u32(0) + u32(id) + u32(0));
    auto const mdhd = full_box("mdhd", u32(0) + u32(0) + u32(timescale) + u32(5000));
    auto const hdlr = full_box("hdlr", u32(0) + "vide");
    auto const stbl = box("stbl", tables.stsz + tables.stsc + tables.stco);
    return box("trak", tkhd + box("mdia", mdhd + hdlr + box("minf", stbl)));
}

}  // namespace clinikk::media::boxes
