#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "media/sample_tables.hpp"

namespace clinikk::media::packaging {

/// An entry of an edit list (ISO/IEC 14496-12 section 8.6.6).
struct Edit {
    std::uint64_t duration = 0;   ///< in units of the movie's timescale
    std::int64_t media_time = 0;  ///< in units of the media's timescale; -1: nothing is shown
    std::uint32_t rate = 0;       ///< 16.16
};

/// A track of the source: what `media::Track` does not tell of it.
struct SourceTrack {
    media::Track index{};
    bool is_enabled = false;
    std::array<std::uint32_t, 9> matrix{};  ///< of `tkhd`: 16.16, the last of each row 2.30
    std::uint32_t width = 0;                ///< of `tkhd`, 16.16
    std::uint32_t height = 0;
    std::string language{};  ///< BCP 47; empty: undetermined
    std::string name{};
    std::vector<Edit> edits{};  ///< at most `max_edits`
    bool has_more_edits = false;
    bool has_sync_table = false;         ///< there is an `stss`: the samples that it does not list are no sync samples
    std::vector<Extent> descriptions{};  ///< sample entries with their headers, at most `max_descriptions`
    std::uint8_t description_version = 0;     ///< of the `stsd`
    std::uint32_t fragment_description = 1;   ///< the default within fragments (`trex`), from 1
    std::uint32_t fragment_sample_flags = 0;  ///< the default within fragments

    static constexpr std::size_t max_edits = 3;  // one more than is packaged
    static constexpr std::size_t max_descriptions = 16;
};

struct SourceMovie {
    std::uint32_t timescale = 0;  ///< units a second
    bool is_fragmented = false;
    std::vector<SourceTrack> tracks{};
};

/// Reads the `moov` whose payload is `movie`. Throws `DamagedIndex`.
SourceMovie read_source_movie(RandomBytes const& bytes, Extent movie);

/// The bytes of a part of the file. Throws `DamagedIndex` when there are more than `limit`.
std::string read_text(RandomBytes const& bytes, Extent part, std::size_t limit);

}  // namespace clinikk::media::packaging
