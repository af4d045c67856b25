#pragma once

#include "media/box_walker.hpp"
#include "media/format_walker.hpp"

namespace clinikk::media {

/// Follows ISO base media files (MP4, M4A, QuickTime; ISO/IEC 14496-12). The index (`moov`) must be whole.
///
/// A recording stops when a box that movies have ends behind the end of the file, or a sample that the index or a
/// fragment lists does. What plays of it are each track's samples up to the first that is not whole, in the order in
/// which they are decoded; the track that goes on longest counts, as in a whole file. A movie with video whose first
/// sample of video is not whole is refused. What runs past the end behind index and media and is no such box is junk.
class IsoMediaWalker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

private:
    void keep_structure(KeptParts& kept);
    Result<MovieIndex> read_index(RandomBytes const& kept) const;

    BoxWalker walker_;
    std::size_t boxes_kept_ = 0;
    int media_kept_ = 0;  ///< boxes of media whose beginning is kept
};

}  // namespace clinikk::media
