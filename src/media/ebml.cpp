#include "media/ebml.hpp"

#include <bit>

#include "media/big_endian.hpp"

namespace clinikk::media {

std::size_t vint_length(char first) noexcept {
    return static_cast<std::size_t>(std::countl_zero(static_cast<unsigned char>(first))) + 1;
}

Vint read_vint(std::string_view bytes) noexcept {
    if (bytes.empty()) return {};
    auto const length = vint_length(bytes.front());
    if (length > 8 || bytes.size() < length) return {};
    auto const mask = (std::uint64_t{1} << 7 * length) - 1;
    auto const value = load_big_endian(bytes, length) & mask;
    return {value, length, value == mask};
}

std::optional<EbmlChild> EbmlCursor::next() noexcept {
    auto const id = read_vint(rest_);
    if (id.length == 0 || id.length > 4) return std::nullopt;
    auto const size = read_vint(rest_.substr(id.length));
    auto const header = id.length + size.length;
    if (size.length == 0 || size.unknown || size.value > rest_.size() - header) return std::nullopt;
    EbmlChild const child{static_cast<std::uint32_t>(load_big_endian(rest_, id.length)),
                          rest_.substr(header, static_cast<std::size_t>(size.value))};
    rest_.remove_prefix(header + child.payload.size());
    return child;
}

std::uint64_t ebml_unsigned(std::string_view payload) noexcept {
    return payload.size() > 8 ? 0 : load_big_endian(payload, payload.size());
}

double ebml_float(std::string_view payload) noexcept {
    if (payload.size() == 4) return std::bit_cast<float>(load_u32(payload));
    return payload.size() == 8 ? std::bit_cast<double>(load_u64(payload)) : 0;
}

}  // namespace clinikk::media
