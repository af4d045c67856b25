#include "media/packaging/survey.hpp"

#include <algorithm>

#include "media/packaging/time_scale.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::uint32_t normal_rate = 0x10000;
constexpr std::int64_t max_media_time = std::int64_t{1} << 53;

[[noreturn]] void refuse_edits() {
    throw Unpackageable(RenditionReason::edits,
                        "The file has an edit list with more than one part, or at another speed than its media.");
}

/// Finds the most frequent value, if more than half of all values are it (Boyer and Moore's majority vote).
class Majority {
public:
    void add(std::uint32_t value) {
        if (votes_ == 0) value_ = value;
        votes_ += value == value_ ? 1 : -1;
    }
    std::uint32_t value() const noexcept { return value_; }

private:
    std::uint32_t value_ = 0;
    std::int64_t votes_ = 0;
};

/// Chooses the first sample while all of them pass by.
class FirstSample {
public:
    FirstSample(TrackKind kind, Shown const& shown, std::uint32_t timescale)
        : kind_(kind), latest_(shown.media_start), earliest_audio_(shown.media_start - timescale / 10) {}

    void add(SourceSample const& sample, std::uint64_t number, Survey& survey) {
        if (is_chosen_ && !is_better(sample)) return;
        if (kind_ == TrackKind::video && !sample.is_sync) return;
        is_chosen_ = true;
        survey.first = number;
        survey.first_decode_time = sample.decode_time;
        survey.first_composition_time = sample.composition_time();
        survey.first_duration = sample.duration;
    }
    bool is_chosen() const noexcept { return is_chosen_; }

private:
    bool is_better(SourceSample const& sample) const noexcept {
        if (!sample.is_sync) return false;
        return sample.composition_time() <= (kind_ == TrackKind::video ? latest_ : earliest_audio_);
    }

    TrackKind kind_;
    std::int64_t latest_;
    std::int64_t earliest_audio_;
    bool is_chosen_ = false;
};

void use_description(Survey& survey, SourceSample const& sample, SourceTrack const& track) {
    if (survey.description == 0) survey.description = sample.description;
    if (survey.description != sample.description) {
        throw Unpackageable(RenditionReason::sample_descriptions,
                            "A track of the file changes its coding on the way, and segments cannot follow.");
    }
    if (sample.description == 0 || sample.description > track.descriptions.size()) throw DamagedIndex();
}

}  // namespace

Shown read_shown(SourceMovie const& movie, SourceTrack const& track) {
    Shown shown;
    if (track.edits.empty()) return shown;
    bool const is_delayed = track.edits.front().media_time == -1;
    bool const is_one = track.edits.size() == (is_delayed ? 2 : 1) && !track.has_more_edits;
    auto const& edit = track.edits.back();
    if (!is_one || edit.rate != normal_rate || edit.media_time < 0 || edit.media_time > max_media_time) refuse_edits();
    if (movie.timescale == 0) throw DamagedIndex();
    shown.media_start = edit.media_time;
    if (is_delayed) {
        shown.delay = rescale(track.edits.front().duration, movie.timescale, track.index.timescale, Rounding::nearest);
    }
    // A duration in units of the movie is too short by up to one of them. Writers of fragments know no duration.
    if (edit.duration != 0 && !movie.is_fragmented && edit.duration < std::uint64_t{1} << 53) {
        auto const length = rescale(edit.duration + 1, movie.timescale, track.index.timescale, Rounding::up);
        shown.end = edit.media_time + static_cast<std::int64_t>(length);
    }
    return shown;
}

std::optional<Survey> survey_samples(SampleSource const& source, SourceTrack const& track, TrackKind kind,
                                     Shown const& shown, SampleBudget& budget) {
    Survey survey;
    Majority durations;
    FirstSample first(kind, shown, track.index.timescale);
    bool is_shown = false;
    std::uint64_t number = 0;
    PlayableSamples samples(source, track, budget);
    for (; auto const sample = samples.next(); ++number) {
        use_description(survey, *sample, track);
        first.add(*sample, number, survey);
        survey.earliest_offset = std::min(survey.earliest_offset, sample->composition_offset);
        survey.common_size = number == 0 || survey.common_size == sample->size ? sample->size : 0;
        durations.add(sample->duration);
        if (sample->is_sync) ++survey.key_frames;
        auto const begin = sample->composition_time();
        if (shown.end && begin >= *shown.end) continue;
        survey.last = number;
        is_shown |= begin + sample->duration > shown.media_start;
    }
    if (number > 0 && !first.is_chosen()) {
        throw Unpackageable(RenditionReason::key_frames, "The video has no key frame, so it cannot be cut.");
    }
    if (!first.is_chosen() || !is_shown || survey.first > survey.last) return std::nullopt;
    survey.common_duration = durations.value();
    return survey;
}

}  // namespace clinikk::media::packaging
