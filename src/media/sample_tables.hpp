#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace clinikk::media {

/// Bytes at known offsets: a file, or memory.
class RandomBytes {
public:
    virtual ~RandomBytes() = default;

    /// Fills `out` from `offset`; bytes past the end are zeros. Breakage is thrown.
    virtual void read_at(std::uint64_t offset, std::span<char> out) const = 0;
};

/// A part of the file.
struct Extent {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    std::uint64_t size() const noexcept { return end - begin; }
};

/// The place of a table of a track: `count` entries of `entry_bits` each, from `offset` of the file.
struct Table {
    std::uint64_t offset = 0;
    std::uint32_t count = 0;
    std::uint8_t entry_bits = 0;
};

/// A track of a movie and the places of its tables (ISO/IEC 14496-12 sections 8.3 to 8.7).
struct Track {
    std::uint32_t id = 0;
    std::uint32_t handler = 0;            ///< `vide`, `soun`, …
    std::uint32_t sample_entry = 0;       ///< type of the first sample description: `avc1`, `mp4a`, …
    std::uint32_t timescale = 0;          ///< units a second
    std::uint64_t duration = 0;           ///< in units of the timescale
    std::uint32_t fixed_sample_size = 0;  ///< bytes; 0 when `sample_sizes` lists them
    std::uint32_t sample_count = 0;
    std::uint32_t fragment_sample_duration = 0;  ///< the default within fragments (`trex`)
    std::uint32_t fragment_sample_size = 0;      ///< the default within fragments, bytes
    std::uint64_t delay = 0;  ///< from the movie's start to the track's, in units of the movie's timescale (`elst`)
    std::optional<std::int64_t> media_start{};  ///< composition time that the track starts at (`elst`)
    bool has_external_data = false;             ///< its media is, or may be, in another file (`dref`)
    Table sample_sizes{};                       ///< `stsz` or `stz2`
    Table sample_to_chunk{};                    ///< `stsc`: first chunk, samples per chunk, description
    Table chunk_offsets{};                      ///< `stco` or `co64`
    Table durations{};                          ///< `stts`: number of samples, units each
    Table composition_offsets{};                ///< `ctts`: number of samples, units each
    Table sync_samples{};                       ///< `stss`: their numbers, from 1; none listed: all are
};

/// The index of a movie: everything that is needed to find every sample.
struct MovieIndex {
    std::uint32_t timescale = 0;  ///< units a second, of the movie as a whole
    bool fragmented = false;      ///< there is an `mvex`: media may be in fragments
    std::vector<Track> tracks{};

    /// Returns whether the samples of any track are encrypted (ISO/IEC 14496-12 section 8.12, and FairPlay of Apple).
    /// ffprobe does not report it.
    bool is_encrypted() const noexcept;

    /// Returns whether the media of any track is in another file.
    bool has_external_data() const noexcept;
};

/// Reads the `moov` whose payload is `movie`. The work is bounded by the size of the `moov` whatever its counts claim.
/// Errors: `media_unrecognised` when the index is damaged.
Result<MovieIndex> read_movie_index(RandomBytes const& bytes, Extent movie);

/// The number of consecutive samples of a track, from the first on, that lie within the first `file_size` bytes of the
/// file. Errors: as `read_movie_index`.
Result<std::uint32_t> count_whole_samples(RandomBytes const& bytes, Track const& track, std::uint64_t file_size);

/// The end of the presentation of the first `samples` of a track, in milliseconds from the start of the movie. Errors:
/// as `read_movie_index`.
Result<std::int64_t> presentation_end_ms(RandomBytes const& bytes, MovieIndex const& index, Track const& track,
                                         std::uint32_t samples);

/// Bytes in memory, for tests and small payloads.
class MemoryBytes : public RandomBytes {
public:
    /// `bytes` are at `offset` of the file and must outlive this object.
    explicit MemoryBytes(std::string_view bytes, std::uint64_t offset = 0) : bytes_(bytes), offset_(offset) {}
    void read_at(std::uint64_t offset, std::span<char> out) const override;

private:
    std::string_view bytes_;
    std::uint64_t offset_;
};

}  // namespace clinikk::media
