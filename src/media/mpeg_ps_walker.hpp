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

/// Parses MPEG program streams (ISO/IEC 13818-1 section 2.5, ISO/IEC 11172-1): packs, system headers and PES packets.
/// Other bytes are skipped.
///
/// ffprobe receives the packs and packets without padding and junk. The duration is counted from the first time stamp
/// to the end of the last complete unit of video or audio. A file is truncated when it ends inside a pack header or a
/// packet; the end code is optional.
class MpegPsWalker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    struct Stream {
        unsigned id = 0;  ///< for private stream 1: including the substream number
        std::unique_ptr<StreamClock> clock{};
    };

    bool step(KeptParts& kept);
    std::optional<std::size_t> unit_size(unsigned code);
    void take_packet(std::string_view packet);
    void read_map(std::string_view packet);
    Stream* stream_of(unsigned id);
    StreamCoding coding_of_stream(unsigned id) const;

    PieceReader reader_;
    bool in_unit_ = false;  ///< a unit has begun and is incomplete
    bool in_pack_ = false;  ///< a pack has been read
    std::uint64_t end_ = 0;
    std::vector<std::pair<unsigned, unsigned>> types_;  ///< the program stream map: stream id, stream type
    std::vector<Stream> streams_;
    TimeLine time_line_;
    DemuxerCopy copy_;
};

}  // namespace clinikk::media
