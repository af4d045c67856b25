#include "media/signature.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "media/audio_frame.hpp"
#include "media/big_endian.hpp"
#include "media/byte_at.hpp"
#include "media/ebml.hpp"
#include "media/tags.hpp"

namespace clinikk::media {
namespace {

using namespace std::string_view_literals;

bool has_at(std::string_view head, std::size_t at, std::string_view expected) {
    return head.size() >= at + expected.size() && head.substr(at, expected.size()) == expected;
}

struct Known {
    std::size_t at;
    std::string_view magic;
    std::string_view name;
};

// Formats that are not accepted, and archives that may contain accepted ones: the refusal names the format.
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
    Known{0, "PK\x03\x04"sv, "a ZIP archive"},
    Known{0, "%PDF-"sv, "a PDF document"},
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
    // In other files these bytes come first only by chance, as in text: then the size is not plausible.
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

// Players look for the first packet after other bytes; this many consecutive packets are not chance.
bool has_transport_stream(std::string_view head) {
    constexpr std::size_t packets = 10;
    for (std::size_t const distance : {188u, 192u, 204u}) {
        for (auto at = head.find('\x47'); at != std::string_view::npos; at = head.find('\x47', at + 1)) {
            if (head.size() - at <= (packets - 1) * distance) break;
            std::size_t found = 1;
            while (found < packets && head[at + found * distance] == '\x47') ++found;
            if (found == packets) return true;
        }
    }
    return false;
}

// A pack header (ISO/IEC 13818-1 section 2.5.3.3, ISO/IEC 11172-1 section 2.4.3.2) with another start code behind it.
bool has_program_stream(std::string_view head) {
    constexpr auto pack = "\x00\x00\x01\xba"sv;
    for (auto at = head.find(pack); at != std::string_view::npos; at = head.find(pack, at + 1)) {
        auto const rest = head.substr(at);
        if (rest.size() < 32) return false;
        bool const first_version = byte_at(rest, 4) >> 4 == 2;
        auto const size = first_version ? 12u : 14u + (byte_at(rest, 13) & 7u);
        if ((first_version || byte_at(rest, 4) >> 6 == 1) && has_at(rest, size, "\0\0\1"sv)) return true;
    }
    return false;
}

Error unrecognised(std::string_view head) {
    if (head.empty()) return {ErrorCode::media_unrecognised, "The file is empty."};
    return {ErrorCode::media_unrecognised,
            "The bytes of the file are of no video or audio format that the service knows."};
}

// Formats that consist of frames: players find the first frame after other bytes too.
Result<Container> recognise_frames(std::string_view head) {
    bool const all = head.size() < signature_window;
    head = head.substr(0, signature_window);
    auto const adts = find_frames(head, adts_format, all);
    auto const mpeg_audio = find_frames(head, mpeg_audio_format, all);
    if (adts && (!mpeg_audio || *adts < *mpeg_audio)) return Container::adts;
    if (mpeg_audio) return Container::mpeg_audio;
    if (is_free_format(head.substr(std::min(head.find_first_not_of('\0'), head.size())))) {
        return Error(ErrorCode::media_unsupported,
                     "The file is MP3 of free format, which most players cannot read. Convert it to a standard bit "
                     "rate.");
    }
    return unrecognised(head);
}

// What follows the EBML header; empty when the header is not whole.
std::string_view ebml_header(std::string_view head) {
    auto const size = read_vint(head.substr(std::min<std::size_t>(4, head.size())));
    if (size.length == 0 || size.value > head.size() - 4 - size.length) return {};
    return head.substr(4 + size.length, size.value);
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
    if (leading_tag(head)) return Container::id3;
    if (has_at(head, 0, "\x00\x00\x01\xba"sv)) return Container::mpeg_ps;
    for (auto const& known : unsupported) {
        if (!has_at(head, known.at, known.magic)) continue;
        return Error(ErrorCode::media_unsupported, "The file is " + std::string(known.name) +
                                                       ", which the service does not accept. Convert it to MP4, "
                                                       "WebM, MP3 or another accepted format.");
    }
    if (is_transport_stream(head) || has_transport_stream(head)) return Container::mpeg_ts;
    if (has_program_stream(head)) return Container::mpeg_ps;
    return recognise_frames(head);
}

std::string_view doc_type(std::string_view head) {
    constexpr std::uint32_t doc_type_id = 0x4282;
    EbmlCursor cursor(ebml_header(head));
    while (auto const child = cursor.next()) {
        if (child->id == doc_type_id) return child->payload.substr(0, child->payload.find('\0'));
    }
    return {};
}

}  // namespace clinikk::media
