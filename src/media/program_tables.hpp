#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "media/stream_clock.hpp"

namespace clinikk::media {

/// Assembles the sections of a table from the packets of a transport stream (ISO/IEC 13818-1 section 2.4.4).
class SectionReader {
public:
    /// Takes the payload of the next packet; `starts`: a section begins in it. Returns the last whole section with a
    /// correct checksum; the view is valid until the next call.
    std::optional<std::string_view> feed(std::string_view payload, bool starts);

private:
    bool take_section();

    std::string gathering_;
    std::string section_;
};

/// The packet identifiers (PIDs) of the program maps that a program association section lists.
std::vector<std::uint16_t> read_association(std::string_view section);

/// A stream of a program.
struct ProgramStream {
    std::uint16_t pid = 0;
    std::optional<StreamCoding> coding{};  ///< none: neither video nor audio
};

/// The streams that a program map section lists.
std::vector<ProgramStream> read_program_map(std::string_view section);

/// The coding of a stream of this type (ISO/IEC 13818-1 table 2-34, ATSC, DVB): none when it is neither video nor
/// audio. `descriptors` are those of the stream.
std::optional<StreamCoding> coding_of(unsigned stream_type, std::string_view descriptors);

}  // namespace clinikk::media
