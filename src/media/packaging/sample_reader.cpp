#include "media/packaging/sample_reader.hpp"

#include <limits>
#include <utility>

#include "media/big_endian.hpp"
#include "media/packaging/fragment_samples.hpp"
#include "media/packaging/table_samples.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

/// The samples of a track as its file lists them: those of the `moov`, then those of its fragments.
class ListedSamples final : public SampleReader {
public:
    ListedSamples(SampleSource const& source, SourceTrack const& track)
        : source_(source), track_(track), tables_(source.bytes, track) {}

    std::optional<SourceSample> next() override {
        if (!fragments_) {
            if (auto const sample = tables_.next()) return sample;
            fragments_.emplace(source_, track_, tables_.end());
        }
        return fragments_->next();
    }

private:
    SampleSource const& source_;
    SourceTrack const& track_;
    TableSamples tables_;
    std::optional<FragmentSamples> fragments_;
};

[[noreturn]] void refuse_times() {
    throw Unpackageable(RenditionReason::timing,
                        "The file has samples that last no time, or whose times go backwards; no segment can say so.");
}

}  // namespace

PlayableSamples::PlayableSamples(SampleSource const& source, SourceTrack const& track, SampleBudget& budget)
    : reader_(std::make_unique<ListedSamples>(source, track)),
      budget_(budget),
      file_size_(source.file_size),
      is_audio_(track.index.handler == four_cc("soun")) {
    ahead_ = next_listed();
}

// The next one that is not empty.
std::optional<SourceSample> PlayableSamples::next_listed() {
    while (auto const sample = reader_->next()) {
        if (budget_.left == 0) {
            throw Unpackageable(RenditionReason::too_large, "The file has more than ten million samples.");
        }
        --budget_.left;
        if (sample->size == 0) {
            if (ahead_) ahead_->duration += sample->duration;
            continue;
        }
        bool const is_whole = sample->offset <= file_size_ && sample->size <= file_size_ - sample->offset;
        return is_whole ? sample : std::nullopt;
    }
    return std::nullopt;
}

std::optional<SourceSample> PlayableSamples::next() {
    if (!ahead_) return std::nullopt;
    auto following = next_listed();
    auto sample = std::exchange(ahead_, following);
    if (following) {
        if (following->decode_time <= sample->decode_time) refuse_times();
        auto const duration = following->decode_time - sample->decode_time;
        if (duration > std::numeric_limits<std::uint32_t>::max()) refuse_times();
        sample->duration = static_cast<std::uint32_t>(duration);
    } else if (sample->duration == 0) {
        sample->duration = last_duration_;
    }
    if (sample->duration == 0) refuse_times();
    last_duration_ = sample->duration;
    sample->is_sync |= is_audio_;
    return sample;
}

}  // namespace clinikk::media::packaging
