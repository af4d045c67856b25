#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "media/format_walker.hpp"
#include "media/piece_reader.hpp"

namespace clinikk::media {

/// Follows Matroska and WebM (RFC 9559): segment, clusters and blocks.
///
/// Of what passes ffprobe gets the headers, Info and Tracks wherever they stand, and the first blocks. What is large
/// and tells nothing of the tracks (attachments, tags, cues) becomes a Void element there.
///
/// A whole file's duration is what its Info says; where Info says none, or the recording stops, it is counted: from
/// the first time stamp to the end of the last whole block, the longest track counting. A recording stops when it ends
/// inside an element or before the size that the segment declares; a segment or cluster of unknown size, as live
/// recorders write, may end after any block.
class MatroskaWalker final : public FormatWalker {
public:
    void feed(std::string_view bytes, KeptParts& kept) override;
    Walked finish(RandomBytes const& kept) override;

    static constexpr std::size_t max_tracks = 1000;

private:
    struct Element {
        std::uint32_t id = 0;
        std::uint64_t begin = 0;      ///< of its header
        std::size_t header_size = 0;  ///< bytes
        std::uint64_t size = 0;       ///< of its payload; meaningless when `unknown_size`
        bool unknown_size = false;

        std::uint64_t end() const noexcept { return begin + header_size + size; }
    };

    /// What the blocks of a track have told. Times are nanoseconds.
    struct Track {
        std::uint64_t number = 0;
        std::uint64_t type = 0;
        std::int64_t frame_duration = 0;  ///< 0: not declared
        std::int64_t first = 0;
        std::int64_t latest = 0;  ///< begin of the latest frame
        std::int64_t end = 0;     ///< of the blocks that tell their duration
        std::uint64_t frames = 0;
    };

    /// The block that is passing.
    struct Block {
        std::uint64_t track = 0;
        std::int64_t time = 0;
        std::uint64_t frames = 1;
        std::optional<std::int64_t> duration{};
        std::uint64_t end = 0;  ///< where it ends in the file
    };

    bool step(KeptParts& kept);
    std::optional<Element> read_header();
    bool take(Element const& element, KeptParts& kept);
    bool take_segment(Element const& element, KeptParts& kept);
    bool take_cluster(Element const& element, KeptParts& kept);
    bool take_block(Element const& element, KeptParts& kept);
    bool take_number(Element const& element, KeptParts& kept);
    bool take_index(Element const& element, KeptParts& kept);
    bool descend(Element const& element, KeptParts& kept);
    bool pass_over(Element const& element, KeptParts& kept);
    bool lose_track();
    void read_info(std::string_view payload);
    void read_tracks(std::string_view payload);
    std::optional<Block> read_block(std::string_view start) const;
    void commit_block();
    bool stops_early() const;
    std::optional<std::int64_t> counted_ms() const;

    PieceReader reader_;
    bool in_segment_ = false;
    bool behind_segment_ = false;
    bool lost_ = false;                         ///< what stands here is no element: looking for the next cluster
    bool passing_unknown_ = false;              ///< what is passed over has an id that nobody knows: junk, perhaps
    std::optional<std::uint64_t> segment_end_;  ///< as declared
    std::uint64_t cluster_end_ = 0;             ///< as declared; 0 when it is unknown
    std::uint64_t end_ = 0;                     ///< of the last whole element
    std::uint64_t media_kept_ = 0;              ///< bytes
    int elements_kept_ = 0;                     ///< that are no media
    std::uint64_t scale_ = 1'000'000;           ///< nanoseconds a tick
    std::uint64_t cluster_time_ = 0;            ///< ticks
    bool has_duration_ = false;
    bool has_blocks_ = false;
    std::optional<Error> refusal_;
    std::vector<Track> tracks_;
    std::optional<Block> block_;
};

}  // namespace clinikk::media
