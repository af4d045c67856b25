#include <algorithm>
#include <cstddef>
#include <string>

#include "media/packaging/entry_boxes.hpp"
#include "media/packaging/sample_entry.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::size_t fixed_part = 86;  // of a VisualSampleEntry, with its header (ISO/IEC 14496-12 section 12.1.3)

std::string hex(std::uint64_t value, std::size_t digits, char const* characters = "0123456789abcdef") {
    std::string text;
    for (auto left = digits; left > 0; --left) text += characters[value >> 4 * (left - 1) & 15];
    return text;
}

std::string upper_hex(std::uint64_t value) {
    std::size_t digits = 1;
    while (digits < 16 && value >> 4 * digits != 0) ++digits;
    return hex(value, digits, "0123456789ABCDEF");
}

std::string two_digits(unsigned value) {
    return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

std::string_view configuration(std::string_view boxes, std::string_view type, std::size_t needed) {
    auto const payload = find_box(boxes, type);
    if (!payload) throw DamagedIndex();
    return bytes_at(*payload, 0, needed);
}

// Safari takes the entries whose parameter sets are in the configuration only, and hev1 and avc3 allow them there too.
bool has_avc_parameter_sets(std::string_view avcc) {
    if (avcc.size() < 7 || (byte_at(avcc, 5) & 0x1f) == 0) return false;
    std::size_t at = 6;
    for (auto left = byte_at(avcc, 5) & 0x1f; left > 0; --left) {
        if (at + 2 > avcc.size()) return false;
        at += 2 + (byte_at(avcc, at) << 8 | byte_at(avcc, at + 1));
    }
    return at < avcc.size() && byte_at(avcc, at) > 0;
}

bool has_hevc_parameter_sets(std::string_view hvcc) {
    unsigned found = 0;
    std::size_t at = 23;
    for (auto arrays = byte_at(hvcc, 22); arrays > 0 && at + 3 <= hvcc.size(); --arrays) {
        auto const type = byte_at(hvcc, at) & 0x3f;
        auto units = byte_at(hvcc, at + 1) << 8 | byte_at(hvcc, at + 2);
        at += 3;
        if (units > 0 && type >= 32 && type <= 34) found |= 1u << (type - 32);  // VPS, SPS, PPS
        for (; units > 0 && at + 2 <= hvcc.size(); --units) at += 2 + (byte_at(hvcc, at) << 8 | byte_at(hvcc, at + 1));
    }
    return found == 7;
}

void rename(std::string& entry, std::string_view type) { entry.replace(4, 4, type); }

void read_avc(std::string_view boxes, std::string_view type, CodecFacts& facts) {
    auto const avcc = configuration(boxes, "avcC", 4);
    std::string name(type);
    if (type == "avc3" && has_avc_parameter_sets(avcc)) rename(facts.entry, name = "avc1");
    facts.codec = name + "." + hex(load_big_endian(avcc.substr(1), 3), 6);
}

// ISO/IEC 14496-15 annex E.
void read_hevc(std::string_view boxes, std::string_view type, CodecFacts& facts) {
    auto const hvcc = configuration(boxes, "hvcC", 23);
    std::string name(type);
    if (type == "hev1" && has_hevc_parameter_sets(hvcc)) rename(facts.entry, name = "hvc1");
    auto const profile = byte_at(hvcc, 1);
    auto compatibility = load_u32(hvcc.substr(2));
    std::uint32_t reversed = 0;
    for (int i = 0; i < 32; ++i, compatibility >>= 1) reversed = reversed << 1 | (compatibility & 1);
    facts.codec = name + ".";
    if (profile >> 6 != 0) facts.codec += static_cast<char>('A' + (profile >> 6) - 1);
    facts.codec += std::to_string(profile & 0x1f) + "." + upper_hex(reversed) + ((profile & 0x20) != 0 ? ".H" : ".L") +
                   std::to_string(byte_at(hvcc, 12));
    std::size_t constraints = 6;
    while (constraints > 0 && byte_at(hvcc, 5 + constraints) == 0) --constraints;
    for (std::size_t i = 0; i < constraints; ++i) facts.codec += "." + upper_hex(byte_at(hvcc, 6 + i));
}

// AV1 Codec ISO Media File Format Binding, section 5.
void read_av1(std::string_view boxes, CodecFacts& facts) {
    auto const av1c = configuration(boxes, "av1C", 4);
    auto const levels = byte_at(av1c, 1);
    auto const flags = byte_at(av1c, 2);
    bool const is_high = (flags & 0x40) != 0;
    bool const is_twelve = (flags & 0x20) != 0;
    facts.codec = "av01." + std::to_string(levels >> 5) + "." + two_digits(levels & 0x1f) +
                  ((flags & 0x80) != 0 ? "H." : "M.") + (is_high ? (is_twelve ? "12" : "10") : "08");
}

// VP Codec ISO Media File Format Binding: profile, level, bit depth. Level 0 is undefined; players refuse it.
void read_vp9(std::string_view boxes, CodecFacts& facts) {
    auto const vpcc = configuration(boxes, "vpcC", 8);
    auto const level = byte_at(vpcc, 5);
    facts.codec = "vp09." + two_digits(byte_at(vpcc, 4)) + "." + two_digits(level == 0 ? 10 : level) + "." +
                  two_digits(byte_at(vpcc, 6) >> 4);
}

// Width and height as shown by square pixels, even so that players scale cleanly.
void read_size(std::string_view entry, std::string_view boxes, CodecFacts& facts) {
    facts.width = static_cast<std::uint32_t>(load_big_endian(entry.substr(32), 2));
    facts.height = static_cast<std::uint32_t>(load_big_endian(entry.substr(34), 2));
    if (facts.width == 0 || facts.height == 0) throw DamagedIndex();
    auto const aspect = find_box(boxes, "pasp");
    if (!aspect || aspect->size() < 8) return;
    std::uint64_t const across = load_u32(*aspect);
    std::uint64_t const down = load_u32(aspect->substr(4));
    if (across == 0 || down == 0) return;
    auto const width = (facts.width * across + down / 2) / down;
    if (width > 0 && width <= 0xffff) facts.width = static_cast<std::uint32_t>(width);
}

}  // namespace

CodecFacts read_video_entry(std::string_view entry) {
    bytes_at(entry, 0, fixed_part);
    auto const type = entry.substr(4, 4);
    auto const boxes = entry.substr(fixed_part);
    if (type == "encv" || type == "drmi") {
        throw Unpackageable(RenditionReason::encrypted, "The video is encrypted.");
    }
    CodecFacts facts{.entry = std::string(entry)};
    if (type == "avc1" || type == "avc3") {
        read_avc(boxes, type, facts);
    } else if (type == "hvc1" || type == "hev1") {
        read_hevc(boxes, type, facts);
    } else if (type == "av01") {
        read_av1(boxes, facts);
    } else if (type == "vp09") {
        read_vp9(boxes, facts);
    } else {
        throw Unpackageable(RenditionReason::codec,
                            "The video has a codec that players do not take from segments; H.264, HEVC, AV1 and VP9 "
                            "can be packaged.");
    }
    read_size(entry, boxes, facts);
    return facts;
}

}  // namespace clinikk::media::packaging
