#pragma once

#include <cstddef>

#include "media/box_cursor.hpp"
#include "media/packaging/sample_reader.hpp"

namespace clinikk::media::packaging {

/// The samples of a track that the fragments of a file list (ISO/IEC 14496-12 section 8.8). A fragment without a start
/// time (`tfdt`) follows the one before.
class FragmentSamples final : public SampleReader {
public:
    /// `decode_time` is that behind the samples of the `moov`.
    FragmentSamples(SampleSource const& source, SourceTrack const& track, std::uint64_t decode_time);
    std::optional<SourceSample> next() override;

private:
    /// What the samples of a fragment of a track have in common (`tfhd`), `trex` applied.
    struct Defaults {
        std::uint32_t duration = 0;
        std::uint32_t size = 0;
        std::uint32_t flags = 0;
        std::uint32_t description = 1;
    };

    /// A run of samples (`trun`).
    struct SampleRun {
        Table entries{};  ///< none when every sample has the defaults
        std::uint32_t flags = 0;
        std::uint32_t first_flags = 0;
        std::uint64_t count = 0;
        std::uint64_t offset = 0;  ///< of its first byte
        std::optional<std::uint64_t> decode_time{};
        Defaults defaults{};
    };

    bool enter_fragment();
    void read_track_fragment(Extent traf, std::uint64_t fragment, std::optional<std::uint64_t>& data_end,
                             BoxBudget& budget);
    SampleRun read_run(Extent trun, Defaults const& defaults) const;
    std::uint64_t bytes_of(SampleRun const& run) const;
    void enter_run(SampleRun const& run);
    SourceSample take();

    SampleSource const& source_;
    SourceTrack const& track_;
    std::size_t box_ = 0;          ///< the next one of the file to look at
    std::vector<SampleRun> runs_;  ///< of the track in the current fragment
    std::size_t run_ = 0;          ///< the next one
    SampleRun current_{};
    std::optional<EntryReader> entries_;
    std::uint64_t left_ = 0;  ///< samples of the current run
    std::uint64_t decode_time_;
    std::uint64_t offset_ = 0;
};

}  // namespace clinikk::media::packaging
