#include "media/pes_packet.hpp"

#include "media/byte_at.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t stamp_size = 5;

// Streams whose packets have nothing but a length before their payload.
bool is_plain(unsigned stream_id) {
    switch (stream_id) {
        case 0xbc:  // program stream map
        case 0xbe:  // padding
        case 0xbf:  // private stream 2
        case 0xf0:
        case 0xf1:
        case 0xf2:
        case 0xf8:
        case 0xff: return true;
        default: return false;
    }
}

std::optional<std::uint64_t> read_stamp(std::string_view bytes, std::size_t at) {
    if (bytes.size() < at + stamp_size) return std::nullopt;
    auto const part = [&](std::size_t i) { return std::uint64_t{byte_at(bytes, at + i)}; };
    return (part(0) >> 1 & 7) << 30 | part(1) << 22 | part(2) >> 1 << 15 | part(3) << 7 | part(4) >> 1;
}

std::optional<PesHeader> read_first_version(std::string_view bytes) {
    std::size_t at = 6;
    while (at < bytes.size() && at < 6 + 16 && byte_at(bytes, at) == 0xff) ++at;  // stuffing
    if (at + 2 <= bytes.size() && byte_at(bytes, at) >> 6 == 1) at += 2;          // size of the decoder's buffer
    if (at >= bytes.size()) return std::nullopt;
    PesHeader header;
    switch (byte_at(bytes, at) >> 4) {
        case 2:
            header.presentation = read_stamp(bytes, at);
            header.size = at + stamp_size;
            return header;
        case 3:
            header.presentation = read_stamp(bytes, at);
            header.decoding = read_stamp(bytes, at + stamp_size);
            header.size = at + 2 * stamp_size;
            return header;
        default: header.size = at + 1; return byte_at(bytes, at) == 0x0f ? std::optional(header) : std::nullopt;
    }
}

}  // namespace

std::size_t pes_header_size(std::string_view bytes) noexcept {
    if (is_plain(byte_at(bytes, 3))) return 6;
    return byte_at(bytes, 6) >> 6 == 2 ? 9 + byte_at(bytes, 8) : 6 + 16 + 2 + 2 * stamp_size;
}

std::optional<PesHeader> read_pes_header(std::string_view bytes) noexcept {
    if (bytes.size() < 6 || !bytes.starts_with(std::string_view("\0\0\1", 3))) return std::nullopt;
    if (is_plain(byte_at(bytes, 3))) return PesHeader{6};
    if (bytes.size() < 9) return std::nullopt;
    if (byte_at(bytes, 6) >> 6 != 2) return read_first_version(bytes);
    PesHeader header{9 + std::size_t{byte_at(bytes, 8)}};
    if (header.size > bytes.size()) return std::nullopt;
    auto const present = byte_at(bytes, 7) >> 6;
    auto const fields = bytes.substr(0, header.size);
    if ((present & 2) != 0) header.presentation = read_stamp(fields, 9);
    if (present == 3) header.decoding = read_stamp(fields, 9 + stamp_size);
    return header;
}

std::optional<std::int64_t> TimeLine::place(std::optional<std::uint64_t> stamp) noexcept {
    constexpr std::int64_t round = std::int64_t{1} << 33;
    if (!stamp) return std::nullopt;
    auto const value = static_cast<std::int64_t>(*stamp);
    if (!latest_) latest_ = value;
    auto const ahead = ((value - *latest_) % round + round) % round;
    latest_ = *latest_ + (ahead < round / 2 ? ahead : ahead - round);
    return latest_;
}

}  // namespace clinikk::media
