#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/packaging/index_bytes.hpp"
#include "media/packaging/make_index.hpp"
#include "media/packaging/packaging_index.hpp"

/// The format of a packaging index (docs/packaging-index.md), both ways.
namespace clinikk::media::packaging {

inline constexpr std::string_view index_magic = "CLKPKIDX";
inline constexpr std::size_t index_header_size = 64;
inline constexpr std::uint16_t index_flag_independent = 1;  ///< `PackagingIndex::independent_segments`
inline constexpr std::uint16_t index_flag_fast_start = 2;   ///< a plan of the fast start file follows the header

/// No segment has more. Readers refuse more, so a damaged index cannot make them allocate.
inline constexpr std::uint32_t max_segment_samples = 8192;
inline constexpr std::uint64_t max_segment_payload = std::uint64_t{512} << 20;

/// Times of an index, in any unit, are below it, so that sums and differences of them do not overflow.
inline constexpr std::uint64_t max_time = std::uint64_t{1} << 56;

/// Writes the directory entry of a segment, relative to the one before (if any). `silent_frame` and `blob` are sizes in
/// bytes.
void write_segment(IndexWriter& out, Segment const& segment, Segment const* previous, std::size_t silent_frame,
                   std::size_t blob);

/// Reads what `write_segment` wrote. Returns the size of the blob.
std::uint32_t read_segment(IndexReader& in, Segment& segment, Segment const* previous, std::size_t silent_frame);

/// Describes the samples of a segment.
void write_samples(IndexWriter& out, Segment const& segment, SegmentSamples const& samples, std::size_t silent_frame);

/// Reads what `write_samples` wrote. Throws `DamagedPackagingIndex` also when it contradicts the directory.
SegmentSamples read_samples(std::string_view blob, Track const& track, Segment const& segment,
                            std::uint64_t source_size);

/// Writes what a track has besides its segments.
void write_track(IndexWriter& out, Track const& track);
Track read_track(IndexReader& in);

void write_fast_start(IndexWriter& out, FastStart const& plan);
FastStart read_fast_start(IndexReader& in, std::uint64_t source_size);

}  // namespace clinikk::media::packaging
