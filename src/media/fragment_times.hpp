#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace clinikk::media {

struct MovieIndex;

/// When the fragments of a movie begin and end (ISO/IEC 14496-12 section 8.8), track by track. A fragment
/// without a start time (no `tfdt`) follows the preceding fragment.
class FragmentTimes {
public:
    static constexpr std::size_t max_tracks = 64;

    /// Adds the next fragment, whose media is complete. `fragment` is the payload of its `moof`. A damaged fragment
    /// counts up to the damage.
    void add(std::string_view fragment);

    /// Adds the next fragment of a file of `file_size` bytes; its `moof` is at `offset`. Counts the samples before the
    /// first one that does not lie within the file. Returns whether all samples lie within the file.
    bool add_part(std::string_view fragment, std::uint64_t offset, std::uint64_t file_size, MovieIndex const& index);

    /// The start of the first track in milliseconds of media time. Empty when there is no sample.
    std::optional<std::int64_t> begin_ms(MovieIndex const& index) const;

    /// The end of the last track in milliseconds of media time. Empty when there is no sample.
    std::optional<std::int64_t> end_ms(MovieIndex const& index) const;

private:
    /// A duration in units of the track's timescale as far as the fragments give it, and the number of samples whose
    /// duration only the index gives.
    struct Length {
        std::uint64_t units = 0;
        std::uint64_t default_samples = 0;
    };

    struct TrackTime {
        std::uint32_t id = 0;
        std::uint64_t begin = 0;
        Length end{};
        bool has_samples = false;
    };

    class Reader;

    TrackTime* track(std::uint32_t id);

    std::vector<TrackTime> tracks_;
};

}  // namespace clinikk::media
