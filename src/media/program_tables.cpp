#include "media/program_tables.hpp"

#include <algorithm>
#include <array>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t section_head = 3;
constexpr std::size_t checksum_size = 4;
constexpr std::size_t max_section = 1024;

std::size_t length_of(std::string_view bytes) {
    return section_head + ((byte_at(bytes, 1) & 15) << 8 | byte_at(bytes, 2));
}

// ISO/IEC 13818-1 annex A: over a whole section with its checksum it is 0.
std::uint32_t checksum(std::string_view bytes) {
    std::uint32_t sum = ~std::uint32_t{0};
    for (char const c : bytes) {
        sum ^= std::uint32_t{static_cast<unsigned char>(c)} << 24;
        for (int bit = 0; bit < 8; ++bit) sum = (sum << 1) ^ ((sum >> 31) != 0 ? 0x04c11db7u : 0);
    }
    return sum;
}

bool is_current(std::string_view section, unsigned table) {
    return section.size() >= 12 && byte_at(section, 0) == table && (byte_at(section, 5) & 1) != 0;
}

// Private data says by its descriptors what it is: DVB (ETSI EN 300 468 section 6) or a registered name.
std::optional<StreamCoding> coding_of_private(std::string_view descriptors) {
    constexpr std::array registered{four_cc("Opus"), four_cc("HEVC"), four_cc("AV01"), four_cc("VC-1"),
                                    four_cc("VVC "), four_cc("BSSD"), four_cc("DTS1"), four_cc("DTS2"),
                                    four_cc("DTS3"), four_cc("drac")};
    while (descriptors.size() >= 2) {
        auto const tag = byte_at(descriptors, 0);
        auto const size = std::min<std::size_t>(byte_at(descriptors, 1), descriptors.size() - 2);
        auto const value = descriptors.substr(2, size);
        if (tag == 0x6a || tag == 0x7a) return StreamCoding::ac3;
        if (tag == 0x7b || tag == 0x7c) return StreamCoding::access_units;  // DTS, AAC
        if (tag == 0x05 && size >= 4) {
            auto const name = load_u32(value);
            if (name == four_cc("AC-3") || name == four_cc("EAC3")) return StreamCoding::ac3;
            if (std::ranges::find(registered, name) != registered.end()) return StreamCoding::access_units;
        }
        descriptors.remove_prefix(2 + size);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> SectionReader::feed(std::string_view payload, bool starts) {
    bool found = false;
    if (starts) {
        if (payload.empty()) return std::nullopt;
        auto const pointer = std::min<std::size_t>(byte_at(payload, 0), payload.size() - 1);
        if (!gathering_.empty()) {
            gathering_.append(payload.substr(1, pointer));
            found = take_section();
        }
        gathering_ = payload.substr(1 + pointer);
    } else if (!gathering_.empty()) {
        gathering_.append(payload);
    }
    while (take_section()) found = true;
    return found ? std::optional<std::string_view>(section_) : std::nullopt;
}

bool SectionReader::take_section() {
    if (gathering_.size() < section_head) return false;
    auto const length = length_of(gathering_);
    if (byte_at(gathering_, 0) == 0xff || length > max_section) {  // stuffing, or no section
        gathering_.clear();
        return false;
    }
    if (gathering_.size() < length) return false;
    auto whole = gathering_.substr(0, length);
    gathering_.erase(0, length);
    if (checksum(whole) != 0) return false;
    section_ = std::move(whole);
    return true;
}

std::vector<std::uint16_t> read_association(std::string_view section) {
    std::vector<std::uint16_t> maps;
    if (!is_current(section, 0x00)) return maps;
    auto list = section.substr(8, section.size() - 8 - checksum_size);
    for (; list.size() >= 4; list.remove_prefix(4)) {
        auto const program = load_big_endian(list, 2);
        auto const pid = static_cast<std::uint16_t>(load_big_endian(list.substr(2), 2) & 0x1fff);
        if (program != 0) maps.push_back(pid);  // 0: the network's own tables
    }
    return maps;
}

std::vector<ProgramStream> read_program_map(std::string_view section) {
    std::vector<ProgramStream> streams;
    if (!is_current(section, 0x02) || section.size() < 12 + checksum_size) return streams;
    auto list = section.substr(10, section.size() - 10 - checksum_size);
    auto const skip = std::min<std::size_t>(2 + (load_big_endian(list, 2) & 0xfff), list.size());
    list.remove_prefix(skip);
    while (list.size() >= 5) {
        auto const descriptors = list.substr(5, load_big_endian(list.substr(3), 2) & 0xfff);
        auto const pid = static_cast<std::uint16_t>(load_big_endian(list.substr(1), 2) & 0x1fff);
        streams.push_back({pid, coding_of(byte_at(list, 0), descriptors)});
        list.remove_prefix(5 + descriptors.size());
    }
    return streams;
}

std::optional<StreamCoding> coding_of(unsigned stream_type, std::string_view descriptors) {
    switch (stream_type) {
        case 0x01:
        case 0x02: return StreamCoding::mpeg_video;
        case 0x03:
        case 0x04: return StreamCoding::mpeg_audio;
        case 0x0f: return StreamCoding::adts;
        case 0x81:
        case 0x87: return StreamCoding::ac3;
        case 0x06: return coding_of_private(descriptors);
        case 0x10:  // MPEG-4 part 2
        case 0x11:  // AAC in LATM
        case 0x1b:  // H.264
        case 0x1c:  // AAC
        case 0x20:
        case 0x21:  // JPEG 2000
        case 0x24:  // HEVC
        case 0x33:  // VVC
        case 0x42:  // AVS
        case 0x80:  // LPCM of Blu-ray discs
        case 0x82:  // DTS and its kin
        case 0x83:
        case 0x84:
        case 0x85:
        case 0xa1:
        case 0xa2:
        case 0xd1:  // Dirac
        case 0xd2:
        case 0xea: return StreamCoding::access_units;  // VC-1
        default: return std::nullopt;
    }
}

}  // namespace clinikk::media
