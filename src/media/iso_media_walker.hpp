#pragma once

#include "media/box_walker.hpp"
#include "media/format_walker.hpp"

namespace clinikk::media {

/// Parses ISO base media files (MP4, M4A, QuickTime; ISO/IEC 14496-12). The index (`moov`) must be complete.
///
/// A file is truncated when a movie box, or a sample that the index or a fragment lists, exceeds the end of the file.
/// The playable part of a track is its samples in decoding order before the first incomplete one; the longest track
/// determines the duration, as in a complete file. A movie is refused when it has video and the first video sample is
/// incomplete. Other boxes after index and media that exceed the end of the file are junk.
class IsoMediaWalker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    void keep(Box const& box, KeptParts& kept);
    bool spend(Extent part);
    Result<MovieIndex> read_index(RandomBytes const& kept) const;

    BoxWalker walker_;
    int media_kept_ = 0;               ///< media boxes whose beginning is kept
    std::uint64_t blocks_kept_ = 0;    ///< of the file system, for headers and fragments
    std::uint64_t next_block_ = 0;     ///< the first one behind those
    bool keeps_all_fragments_ = true;  ///< none was left out for want of room
};

}  // namespace clinikk::media
