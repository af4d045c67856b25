#include "media/signature.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "media/big_endian.hpp"

namespace clinikk::media {
namespace {

using namespace std::string_view_literals;

bool has_at(std::string_view head, std::size_t at, std::string_view expected) {
    return head.size() >= at + expected.size() && head.substr(at, expected.size()) == expected;
}

unsigned byte_at(std::string_view head, std::size_t at) { return static_cast<unsigned char>(head[at]); }

struct Known {
    std::size_t at;
    std::string_view magic;
    std::string_view name;
};

// Media of formats that are not accepted: the refusal says which.
constexpr std::array unsupported{
    Known{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv, "Windows Media (ASF)"},
    Known{0, "FLV\x01"sv, "Flash Video"},
    Known{0, ".RMF"sv, "RealMedia"},
    Known{0, "riff\x2e\x91\xcf\x11"sv, "Wave64"},
    Known{8, "AIFF"sv, "AIFF"},
    Known{8, "AIFC"sv, "AIFF"},
    Known{8, "CDXA"sv, "Video CD"},
    Known{0, "caff"sv, "Core Audio"},
    Known{0, "#!AMR"sv, "AMR"},
    Known{0, "MThd"sv, "MIDI"},
    Known{0, "wvpk"sv, "WavPack"},
    Known{0, "MAC "sv, "Monkey's Audio"},
    Known{0, "TTA1"sv, "True Audio"},
    Known{0, "DSD "sv, "DSD"},
    Known{0, "\x0b\x77"sv, "AC-3"},
    Known{0, "\x00\x00\x01\xb3"sv, "a bare MPEG video stream"},
    Known{0, "\x00\x00\x00\x01\x67"sv, "a bare H.264 stream"},
    Known{4, "styp"sv, "a streaming segment without its beginning"},
    Known{4, "moof"sv, "a streaming segment without its beginning"},
    Known{4, "sidx"sv, "a streaming segment without its beginning"},
};

// Brands of still images and of JPEG 2000, which share the boxes of MP4.
constexpr std::array image_brands{"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv, "hevx"sv, "mif1"sv,
                                  "msf1"sv, "avif"sv, "avis"sv, "crx "sv, "jp2 "sv, "jpx "sv, "jpm "sv};

bool is_iso_media(std::string_view head) {
    if (head.size() < 8) return false;
    auto const size = load_u32(head);
    auto const type = head.substr(4, 4);
    if (type == "mdat") return size == 0 || size == 1 || size >= 8;
    // These come first in other files than movies only by chance, as text does: then the size is no sensible one.
    if (size >= 1 << 26) return false;
    if (type == "moov" || type == "wide" || type == "free" || type == "skip" || type == "pnot") return size >= 8;
    if (type != "ftyp") return false;
    return head.size() < 12 || std::ranges::find(image_brands, head.substr(8, 4)) == image_brands.end();
}

// Sync bytes at the distance of one packet, up to five of them: 188 bytes (ISO/IEC 13818-1), 192 with the time
// stamps of Blu-ray discs and camcorders, 204 with error correction.
bool is_transport_stream(std::string_view head) {
    constexpr std::array<std::array<std::size_t, 2>, 3> layouts{{{0, 188}, {4, 192}, {0, 204}}};
    return std::ranges::any_of(layouts, [head](auto const& layout) {
        auto const [start, distance] = layout;
        std::size_t packets = 0;
        for (auto at = start; at < head.size() && packets < 5; at += distance, ++packets) {
            if (head[at] != 0x47) return false;
        }
        return packets >= 3;
    });
}

// The length of an MPEG audio frame by its header (ISO/IEC 11172-3 section 2.4.2.3); 0 when it is none.
std::size_t mpeg_audio_frame(std::string_view header) {
    constexpr std::array<std::array<std::uint16_t, 16>, 5> bit_rates{{
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0},  // version 1, layer I
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0},     // version 1, layer II
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},      // version 1, layer III
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0},     // version 2, layer I
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},          // version 2, layers II, III
    }};
    constexpr std::array<std::uint32_t, 3> sample_rates{44100, 48000, 32000};
    if (byte_at(header, 0) != 0xff || (byte_at(header, 1) & 0xe0) != 0xe0) return 0;
    auto const version = byte_at(header, 1) >> 3 & 3;  // 0: 2.5, 2: 2, 3: 1
    auto const layer = 4 - (byte_at(header, 1) >> 1 & 3);
    auto const rate_index = byte_at(header, 2) >> 2 & 3;
    if (version == 1 || layer == 4 || rate_index == 3) return 0;
    bool const first_version = version == 3;
    auto const row = first_version ? layer - 1 : layer == 1 ? 3 : 4;
    std::uint32_t const bit_rate = bit_rates[row][byte_at(header, 2) >> 4] * 1000u;
    if (bit_rate == 0) return 0;
    auto const sample_rate = sample_rates[rate_index] >> (first_version ? 0 : version == 2 ? 1 : 2);
    auto const padding = byte_at(header, 2) >> 1 & 1;
    if (layer == 1) return (12 * bit_rate / sample_rate + padding) * 4;
    auto const samples_over_8 = layer == 3 && !first_version ? 72u : 144u;
    return samples_over_8 * bit_rate / sample_rate + padding;
}

// The length of an ADTS frame (ISO/IEC 13818-7 section 6.2); 0 when it is none.
std::size_t adts_frame(std::string_view header) {
    if (byte_at(header, 0) != 0xff || (byte_at(header, 1) & 0xf6) != 0xf0) return 0;
    if ((byte_at(header, 2) >> 2 & 15) > 12) return 0;
    std::size_t const length = (byte_at(header, 3) & 3) << 11 | byte_at(header, 4) << 3 | byte_at(header, 5) >> 5;
    return length < 7 ? 0 : length;
}

// Three frames in a row, or as many as a tiny file has, after nothing but padding.
template <class FrameLength>
bool has_frames(std::string_view head, FrameLength frame_length) {
    constexpr std::size_t header_size = 7;
    auto at = std::min(head.find_first_not_of('\0'), head.size());
    bool const all = head.size() < signature_window;
    for (int frames = 0; frames < 3; ++frames) {
        if (head.size() - at < header_size) return frames > 0 && all && at == head.size();
        auto const length = frame_length(head.substr(at, header_size));
        if (length == 0) return false;
        if (length > head.size() - at) return false;
        at += length;
    }
    return true;
}

Error unrecognised(std::string_view head) {
    if (head.empty()) return {ErrorCode::media_unrecognised, "The file is empty."};
    return {ErrorCode::media_unrecognised,
            "The bytes of the file are of no video or audio format that the service knows."};
}

struct Vint {
    std::uint64_t value = 0;
    std::size_t length = 0;  ///< 0: there is none
    bool unknown = false;    ///< all data bits set
};

// A variable-size integer of EBML (RFC 8794 section 4).
Vint read_vint(std::string_view bytes) {
    if (bytes.empty()) return {};
    std::size_t length = 1;
    while (length <= 8 && (byte_at(bytes, 0) & 0x100u >> length) == 0) ++length;
    if (length > 8 || bytes.size() < length) return {};
    auto const mask = (std::uint64_t{1} << 7 * length) - 1;
    auto const value = load_big_endian(bytes, length) & mask;
    return {value, length, value == mask};
}

// What stands behind the EBML header; empty when that is not whole.
std::string_view ebml_header(std::string_view head) {
    auto const size = read_vint(head.substr(std::min<std::size_t>(4, head.size())));
    if (size.length == 0 || size.value > head.size() - 4 - size.length) return {};
    return head.substr(4 + size.length, size.value);
}

std::optional<std::uint64_t> segment_end(std::string_view head) {
    auto const header = ebml_header(head);
    if (header.empty()) return std::nullopt;
    auto const at = static_cast<std::size_t>(header.data() - head.data()) + header.size();
    if (!has_at(head, at, "\x18\x53\x80\x67"sv)) return std::nullopt;
    auto const size = read_vint(head.substr(at + 4));
    if (size.length == 0 || size.unknown) return std::nullopt;
    return at + 4 + size.length + size.value;
}

std::uint64_t load_little_endian(std::string_view bytes, std::size_t count) {
    std::uint64_t value = 0;
    while (count-- > 0) value = value << 8 | byte_at(bytes, count);
    return value;
}

std::optional<std::uint64_t> riff_end(std::string_view head) {
    // Some writers count the eight bytes of the header, or the padding.
    constexpr std::uint64_t slack = 9;
    std::uint64_t size = load_little_endian(head.substr(4), 4);
    if ((has_at(head, 0, "RF64") || has_at(head, 0, "BW64")) && has_at(head, 12, "ds64") && head.size() >= 28) {
        size = load_little_endian(head.substr(20), 8);  // EBU Tech 3306
        if (size > std::uint64_t{1} << 62) return std::nullopt;
    } else if (size >= 0xffff'0000 || (size >= 0x7fff'0000 && size < 0x8001'0000)) {
        return std::nullopt;  // written to a pipe: the size was not known
    }
    if (size == 0) return std::nullopt;
    return size + 8 > slack ? size + 8 - slack : 0;
}

}  // namespace

Result<Container> recognise(std::string_view head) {
    if (has_at(head, 0, "\x1a\x45\xdf\xa3"sv)) {
        if (doc_type(head) == "matroska" || doc_type(head) == "webm") return Container::matroska;
        return unrecognised(head);
    }
    if (is_iso_media(head)) return Container::iso_media;
    if (has_at(head, 0, "RIFF") && has_at(head, 8, "AVI ")) return Container::avi;
    if ((has_at(head, 0, "RIFF") || has_at(head, 0, "RF64") || has_at(head, 0, "BW64")) && has_at(head, 8, "WAVE")) {
        return Container::wav;
    }
    if (has_at(head, 0, "OggS\0"sv)) return Container::ogg;
    if (has_at(head, 0, "fLaC")) return Container::flac;
    if (has_at(head, 0, "ID3")) return Container::id3;
    if (has_at(head, 0, "\x00\x00\x01\xba"sv)) return Container::mpeg_ps;
    for (auto const& known : unsupported) {
        if (!has_at(head, known.at, known.magic)) continue;
        return Error(ErrorCode::media_unsupported, "The file is " + std::string(known.name) +
                                                       ", which the service does not accept. Convert it to MP4, "
                                                       "WebM, MP3 or another accepted format.");
    }
    if (is_transport_stream(head)) return Container::mpeg_ts;
    if (has_frames(head, adts_frame)) return Container::adts;
    if (has_frames(head, mpeg_audio_frame)) return Container::mpeg_audio;
    return unrecognised(head);
}

std::optional<std::uint64_t> declared_end(Container container, std::string_view head) {
    if (container == Container::matroska) return segment_end(head);
    if (container == Container::wav || container == Container::avi) return riff_end(head);
    return std::nullopt;
}

std::string_view doc_type(std::string_view head) {
    auto header = ebml_header(head);
    while (header.size() > 2) {
        bool const found = has_at(header, 0, "\x42\x82"sv);
        auto const id = read_vint(header);
        if (id.length == 0) return {};
        auto const size = read_vint(header.substr(id.length));
        if (size.length == 0 || size.value > header.size() - id.length - size.length) return {};
        auto const value = header.substr(id.length + size.length, size.value);
        if (found) return value.substr(0, value.find('\0'));
        header.remove_prefix(id.length + size.length + size.value);
    }
    return {};
}

}  // namespace clinikk::media
