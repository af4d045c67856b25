#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "media/demuxer_copy.hpp"
#include "media/format_walker.hpp"
#include "media/pes_packet.hpp"
#include "media/piece_reader.hpp"
#include "media/stream_clock.hpp"

namespace clinikk::media {

/// Follows MPEG program streams (ISO/IEC 13818-1 section 2.5, ISO/IEC 11172-1): packs, system headers, PES packets.
/// What is none of these is passed over.
///
/// ffprobe gets packs and packets one after the other: padding and junk are left out. The duration is counted from the
/// first time stamp to the end of the last whole unit of video or audio. A recording stops when it ends inside a pack
/// header or a packet; the end code may be missing.
class MpegPsWalker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    struct Stream {
        unsigned id = 0;  ///< of private stream 1: with the number of its substream
        std::unique_ptr<StreamClock> clock{};
    };

    bool step(KeptParts& kept);
    std::optional<std::size_t> unit_size(unsigned code);
    void take_packet(std::string_view packet);
    void read_map(std::string_view packet);
    Stream* stream_of(unsigned id);
    StreamCoding coding_of_stream(unsigned id) const;

    PieceReader reader_;
    bool in_unit_ = false;  ///< a unit has begun and is not whole yet
    bool in_pack_ = false;  ///< a pack has come
    std::uint64_t end_ = 0;
    std::vector<std::pair<unsigned, unsigned>> types_;  ///< the program stream map: stream id, stream type
    std::vector<Stream> streams_;
    TimeLine time_line_;
    DemuxerCopy copy_;
};

}  // namespace clinikk::media
