#include "media/flac_frame.hpp"

#include <array>

#include "media/big_endian.hpp"
#include "media/byte_at.hpp"

namespace clinikk::media {
namespace {

template <class Number>
constexpr std::array<Number, 256> crc_table(unsigned polynomial) {
    constexpr unsigned bits = sizeof(Number) * 8;
    std::array<Number, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned crc = byte << (bits - 8);
        for (int i = 0; i < 8; ++i) crc = (crc & 1u << (bits - 1)) != 0 ? crc << 1 ^ polynomial : crc << 1;
        table[byte] = static_cast<Number>(crc);
    }
    return table;
}

std::uint8_t crc8(std::string_view bytes) noexcept {
    static constexpr auto table = crc_table<std::uint8_t>(0x07);
    std::uint8_t crc = 0;
    for (char const c : bytes) crc = table[crc ^ static_cast<unsigned char>(c)];
    return crc;
}

/// Reads the fields of a header one after the other. Past the end it fails, and stays failed.
class Fields {
public:
    explicit Fields(std::string_view bytes) : bytes_(bytes) {}

    std::size_t used() const noexcept { return at_; }
    bool failed() const noexcept { return failed_; }

    std::uint64_t number(std::size_t size) noexcept {
        if (bytes_.size() - at_ < size) failed_ = true;
        if (failed_) return 0;
        at_ += size;
        return load_big_endian(bytes_.substr(at_ - size), size);
    }

    // As UTF-8, continued up to 36 bits.
    std::uint64_t coded_number() noexcept {
        auto value = number(1);
        if (value < 0x80) return value;
        unsigned more = 0;
        while (more < 7 && (value & 0x40u >> more) != 0) ++more;
        if (more == 0 || more > 6 || value == 0xff) failed_ = true;
        value &= 0x3fu >> more;
        for (; more > 0 && !failed_; --more) {
            auto const next = number(1);
            if ((next & 0xc0) != 0x80) failed_ = true;
            value = value << 6 | (next & 0x3f);
        }
        return value;
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

std::uint32_t block_size(unsigned code, Fields& fields) noexcept {
    if (code == 6) return static_cast<std::uint32_t>(fields.number(1)) + 1;
    if (code == 7) return static_cast<std::uint32_t>(fields.number(2)) + 1;
    if (code == 1) return 192;
    return code < 6 ? 144u << code : 1u << code;
}

std::uint32_t sample_rate(unsigned code, Fields& fields, FlacStreamInfo const& info) noexcept {
    constexpr std::array<std::uint32_t, 12> rates{0,     88200, 176400, 192000, 8000,  16000,
                                                  22050, 24000, 32000,  44100,  48000, 96000};
    if (code == 0) return info.sample_rate;
    if (code == 12) return static_cast<std::uint32_t>(fields.number(1)) * 1000;
    if (code == 13) return static_cast<std::uint32_t>(fields.number(2));
    if (code == 14) return static_cast<std::uint32_t>(fields.number(2)) * 10;
    return rates[code];
}

}  // namespace

std::optional<FlacStreamInfo> read_stream_info(std::string_view block) noexcept {
    if (block.size() < FlacStreamInfo::size) return std::nullopt;
    auto const packed = load_u64(block.substr(10));
    FlacStreamInfo info;
    info.min_frame = static_cast<std::uint32_t>(load_big_endian(block.substr(4), 3));
    info.sample_rate = static_cast<std::uint32_t>(packed >> 44);
    info.channels = (packed >> 41 & 7) + 1;
    info.bits = (packed >> 36 & 31) + 1;
    info.total_samples = packed & 0xf'ffff'ffff;
    return info.sample_rate == 0 ? std::nullopt : std::optional(info);
}

std::optional<FlacFrame> read_flac_frame(std::string_view bytes, FlacStreamInfo const& info) noexcept {
    constexpr std::array<std::uint32_t, 8> depths{0, 8, 12, 0, 16, 20, 24, 32};
    constexpr unsigned reserved_depth = 3;
    if (bytes.size() < 6 || byte_at(bytes, 0) != 0xff || (byte_at(bytes, 1) & 0xfe) != 0xf8) return std::nullopt;
    auto const block_code = byte_at(bytes, 2) >> 4;
    auto const rate_code = byte_at(bytes, 2) & 15;
    auto const channel_code = byte_at(bytes, 3) >> 4;
    auto const depth_code = byte_at(bytes, 3) >> 1 & 7;
    if (block_code == 0 || rate_code == 15 || channel_code > 10 || depth_code == reserved_depth) return std::nullopt;
    if ((byte_at(bytes, 3) & 1) != 0) return std::nullopt;
    if ((channel_code < 8 ? channel_code + 1 : 2) != info.channels) return std::nullopt;
    if (depth_code != 0 && depths[depth_code] != info.bits) return std::nullopt;

    Fields fields(bytes);
    fields.number(4);
    FlacFrame frame;
    frame.variable = (byte_at(bytes, 1) & 1) != 0;
    frame.number = fields.coded_number();
    frame.samples = block_size(block_code, fields);
    auto const rate = sample_rate(rate_code, fields, info);
    fields.number(1);
    if (fields.failed() || rate != info.sample_rate || crc8(bytes.substr(0, fields.used())) != 0) return std::nullopt;
    frame.header_size = static_cast<std::uint32_t>(fields.used());
    return frame;
}

std::uint16_t flac_crc16(std::uint16_t crc, std::string_view bytes) noexcept {
    static constexpr auto table = crc_table<std::uint16_t>(0x8005);
    for (char const c : bytes) {
        crc = static_cast<std::uint16_t>(crc << 8 ^ table[crc >> 8 ^ static_cast<unsigned char>(c)]);
    }
    return crc;
}

}  // namespace clinikk::media
