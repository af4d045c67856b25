#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "media/format_walker.hpp"
#include "media/piece_reader.hpp"

namespace clinikk::media {

/// Follows AVI with its OpenDML extension: chunk after chunk, through all its RIFFs.
///
/// ffprobe gets every header outside the media, the header list and the index whole, and the first chunks of media. The
/// duration is counted from the chunks of the longest stream, because a header that was written before the end of the
/// recording states nothing. A recording is truncated when it ends inside a chunk of media or before the size that its
/// last RIFF declares. An index (`idx1`) may be missing.
class AviWalker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    struct Chunk {
        std::uint32_t id = 0;
        std::uint64_t begin = 0;
        std::uint64_t size = 0;  ///< of the payload, without padding
    };

    /// A stream as its header (`strh`) describes it, and how much of it has been read.
    struct Stream {
        bool counts = false;      ///< video or audio
        std::uint32_t scale = 0;  ///< ticks are scale/rate seconds
        std::uint32_t rate = 0;
        std::uint32_t sample_size = 0;  ///< bytes a tick; 0: every chunk is one tick
        std::uint64_t ticks = 0;        ///< chunks that have passed, or bytes
    };

    bool step(KeptParts& kept);
    bool take_list(Chunk const& chunk, KeptParts& kept);
    bool take_header_list(Chunk const& chunk, KeptParts& kept);
    bool take_media(Chunk const& chunk, KeptParts& kept);
    bool pass_over(Chunk const& chunk, KeptParts& kept);
    void read_streams(std::string_view list);
    void commit();
    std::optional<std::int64_t> counted_ms() const;

    PieceReader reader_;
    bool in_junk_ = false;    ///< these bytes are not a chunk
    bool odd_ = false;        ///< a byte of padding may be next
    bool has_media_ = false;  ///< a whole chunk of media has been read
    std::uint64_t end_ = 0;
    std::optional<std::uint64_t> declared_end_;  ///< of the last RIFF
    std::uint64_t media_kept_ = 0;               ///< bytes
    int headers_kept_ = 0;                       ///< of other chunks
    std::optional<Error> refusal_;
    std::vector<Stream> streams_;
    std::optional<Chunk> media_;  ///< the current chunk
};

}  // namespace clinikk::media
