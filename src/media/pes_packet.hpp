#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clinikk::media {

/// The header of a packet of an elementary stream (ISO/IEC 13818-1 section 2.4.3.6, and ISO/IEC 11172-1
/// section 2.4.3.3).
struct PesHeader {
    std::size_t size = 0;                         ///< bytes up to the payload
    std::optional<std::uint64_t> presentation{};  ///< 33 bits, in units of 1/90000 second
    std::optional<std::uint64_t> decoding{};
};

/// The size of the header with which `bytes` begin; at least nine bytes of it are given.
std::size_t pes_header_size(std::string_view bytes) noexcept;

/// Reads the header of a packet. `bytes` begin with its start code and contain the whole header. Empty when it is not a
/// header.
std::optional<PesHeader> read_pes_header(std::string_view bytes) noexcept;

/// Converts time stamps of 33 bits, which wrap around every 26.5 hours, to a continuous time line.
class TimeLine {
public:
    std::optional<std::int64_t> place(std::optional<std::uint64_t> stamp) noexcept;

private:
    std::optional<std::int64_t> latest_;
};

}  // namespace clinikk::media
