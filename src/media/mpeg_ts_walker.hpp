#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/demuxer_copy.hpp"
#include "media/format_walker.hpp"
#include "media/pes_packet.hpp"
#include "media/piece_reader.hpp"
#include "media/program_tables.hpp"

namespace clinikk::media {

/// Parses MPEG transport streams (ISO/IEC 13818-1 section 2.4.3) in packets of 188 bytes, 192 (with the time stamps of
/// Blu-ray discs and camcorders) and 204 (with error correction). When synchronisation is lost, it searches for the
/// next packet.
///
/// ffprobe receives the packets of the tables and of the streams that they list, contiguous and 188 bytes each, without
/// null packets, junk and the packets before the tables. The duration is counted from the first time stamp to the end
/// of the last complete unit of video or audio. A file is truncated when it ends inside a packet, or inside a PES
/// packet that declares its length.
class MpegTsWalker final : public FormatWalker {
public:
    MpegTsWalker() noexcept { roles_.fill(0); }

    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    struct Map {
        std::uint16_t pid = 0;
        SectionReader sections{};
    };

    struct Stream {
        std::uint16_t pid = 0;
        std::unique_ptr<StreamClock> clock{};  ///< none: neither video nor audio
        std::string header{};                  ///< of the PES packet, while the header is incomplete
        bool in_header = false;
        std::optional<std::uint64_t> left{};  ///< bytes left of the PES packet; empty when its length is not declared
    };

    bool step(KeptParts& kept);
    bool find_packets();
    void take_packet(std::string_view packet, KeptParts& kept);
    void take_association(std::string_view payload, bool starts);
    void take_map(Map& map, std::string_view payload, bool starts);
    void take_payload(Stream& stream, std::string_view payload, bool starts);
    void end_header(Stream& stream);
    static void feed_clock(Stream& stream, std::string_view payload);
    bool stops_early();

    static constexpr std::uint8_t no_role = 0;
    static constexpr std::uint8_t first_stream = 100;  ///< roles from here on are streams, below they are maps

    PieceReader reader_;
    std::size_t distance_ = 0;  ///< from packet to packet; 0 while looking for them
    std::uint64_t end_ = 0;
    std::array<std::uint8_t, 8192> roles_{};  ///< of each PID
    SectionReader association_;
    std::vector<Map> maps_;
    std::vector<Stream> streams_;
    TimeLine time_line_;
    DemuxerCopy copy_;
};

}  // namespace clinikk::media
