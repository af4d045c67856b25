#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "media/packaging/source_movie.hpp"
#include "media/packaging/top_level.hpp"

namespace clinikk::media::packaging {

/// A sample of the source, in decoding order.
struct SourceSample {
    std::uint64_t decode_time = 0;  ///< in units of the timescale, as are all times here
    std::uint64_t offset = 0;       ///< in the file
    std::uint32_t size = 0;
    std::uint32_t duration = 0;
    std::int32_t composition_offset = 0;
    std::uint32_t description = 1;  ///< the number of its sample entry, from 1
    bool is_sync = false;

    /// When it is shown, before any edit.
    std::int64_t composition_time() const noexcept {
        return static_cast<std::int64_t>(decode_time) + composition_offset;
    }
};

/// The samples of a track one after the other. Every method throws `DamagedIndex` when tables contradict each other.
class SampleReader {
public:
    virtual ~SampleReader() = default;
    virtual std::optional<SourceSample> next() = 0;
};

/// How many samples may still be read, over all tracks of a file.
struct SampleBudget {
    std::uint64_t left = 10'000'000;
};

/// Where the samples of a file are listed.
struct SampleSource {
    RandomBytes const& bytes;
    std::vector<TopBox> const& boxes;  ///< of the file; those that are `moof` are read
    std::uint64_t file_size = 0;
};

/// The samples of a track that play: up to the first one that is not whole within the file. Empty ones are not among
/// them: the one before lasts longer instead. A sample lasts until the next one is decoded; the last one, if its
/// duration is 0, as long as the one before. Of audio, every sample is a sync sample, whatever the file says. Throws
/// `Unpackageable` also, when a sample lasts no time or the budget is spent. What is referred to must outlive it.
class PlayableSamples {
public:
    PlayableSamples(SampleSource const& source, SourceTrack const& track, SampleBudget& budget);
    std::optional<SourceSample> next();

private:
    std::optional<SourceSample> next_listed();

    std::unique_ptr<SampleReader> reader_;
    SampleBudget& budget_;
    std::uint64_t file_size_;
    bool is_audio_;
    std::optional<SourceSample> ahead_;
    std::uint32_t last_duration_ = 0;
};

}  // namespace clinikk::media::packaging
