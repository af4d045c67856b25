#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace clinikk::media {

struct MovieIndex;

/// When the fragments of a movie begin and end (ISO/IEC 14496-12 section 8.8), track by track. Fragments that do not
/// say when they begin (no `tfdt`) follow the one before them.
class FragmentTimes {
public:
    static constexpr std::size_t max_tracks = 64;

    /// The next fragment, whose media has come as a whole: `fragment` is the payload of its `moof`. One that is damaged
    /// counts up to the damage.
    void add(std::string_view fragment);

    /// The next fragment, of a file that ends at `file_size`: samples count up to the first that does not lie within.
    /// The `moof` stands at `offset`. Gives whether all do.
    bool add_part(std::string_view fragment, std::uint64_t offset, std::uint64_t file_size, MovieIndex const& index);

    /// When the first track begins, in milliseconds of the tracks' own time. Empty when there is no sample.
    std::optional<std::int64_t> begin_ms(MovieIndex const& index) const;

    /// When the last track ends.
    std::optional<std::int64_t> end_ms(MovieIndex const& index) const;

private:
    /// A length in units of a track's timescale, as far as its fragments tell, and the number of samples whose length
    /// only the index tells.
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
