#include "media/packaging/make_index.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"
#include "media/packaging/fast_start_plan.hpp"
#include "media/packaging/index_format.hpp"
#include "media/packaging/init_segment.hpp"
#include "media/packaging/segment_builder.hpp"
#include "media/packaging/time_scale.hpp"
#include "media/packaging/timeline.hpp"
#include "media/packaging/verdict.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::uint64_t max_movie = std::uint64_t{512} << 20;
constexpr std::size_t max_audio_tracks = 32;
constexpr std::size_t max_description = 1 << 20;
constexpr std::size_t max_index = std::size_t{32} << 20;

/// The index while it is made.
class IndexMaker {
public:
    IndexMaker(RandomBytes const& bytes, SourceIdentity const& identity)
        : bytes_(bytes),
          identity_(identity),
          top_(read_top_level(bytes, identity.size)),
          samples_{bytes, top_.boxes, identity.size} {}

    std::string make() {
        read_movie();
        plan_video();
        plan_audio();
        if (tracks_.empty()) refuse_all();
        require_own_ids();
        place_on_timeline(tracks_);
        auto const fast_start = plan_fast_start(bytes_, movie_, top_.boxes);
        IndexWriter body;
        if (fast_start) write_fast_start(body, *fast_start);
        for (auto const& plan : tracks_) build(plan, body);
        return header(body.size(), fast_start.has_value()) + std::move(body.bytes());
    }

private:
    void read_movie();
    [[noreturn]] void refuse_all() const;
    void plan_video();
    void plan_audio();
    void require_own_ids() const;
    std::optional<PlannedTrack> plan(SourceTrack const& source, TrackKind kind);
    CodecFacts read_codec(SourceTrack const& source, TrackKind kind, std::uint32_t description) const;
    Track describe(PlannedTrack const& plan);
    void build(PlannedTrack const& plan, IndexWriter& out);
    void add_samples(PlannedTrack const& plan, Track const& track, SegmentBuilder& builder, FrameRate& frames);
    CutGrid grid(Track const& track) const;
    std::string header(std::size_t body, bool has_fast_start) const;

    RandomBytes const& bytes_;
    SourceIdentity identity_;
    TopLevel top_;
    SampleSource samples_;
    SourceMovie movie_;
    SampleBudget budget_;
    std::vector<PlannedTrack> tracks_;
    std::uint64_t moved_ = 0;  ///< the movie's beginning, back to a key frame; in units of the video's timescale
    bool has_default_audio_ = false;
    bool is_independent_ = true;
    std::vector<std::uint64_t> cuts_;  ///< of the video, and mostly its end, in units of its timescale
    std::uint32_t cut_timescale_ = 0;
};

void IndexMaker::read_movie() {
    auto const* const movie = find_top_box(top_.boxes, four_cc("moov"));
    if (movie == nullptr) {
        throw Unpackageable(RenditionReason::container,
                            "The file is no MP4 or QuickTime file; only these can be packaged without encoding.");
    }
    if (movie->whole.end - movie->payload > max_movie) {
        throw Unpackageable(RenditionReason::too_large, "The file's index (moov) is larger than 512 MiB.");
    }
    movie_ = read_source_movie(bytes_, {movie->payload, movie->whole.end});
    if (movie_.is_fragmented && top_.ends_in_zeros) {
        throw Unpackageable(RenditionReason::too_large, "The file has more fragments than an index can have.");
    }
    if (std::ranges::none_of(movie_.tracks, &SourceTrack::is_enabled)) {
        for (auto& track : movie_.tracks) track.is_enabled = true;
    }
}

void IndexMaker::refuse_all() const {
    auto const lists_samples = [](SourceTrack const& track) {
        bool const is_media = track.index.handler == four_cc("vide") || track.index.handler == four_cc("soun");
        return is_media && track.index.sample_count > 0;
    };
    if (std::ranges::none_of(movie_.tracks, lists_samples)) {
        throw Unpackageable(RenditionReason::empty, "The file has no samples of video or audio.");
    }
    throw Unpackageable(RenditionReason::damaged,
                        "Of the samples that the file lists, none is whole within it and shown.");
}

CodecFacts IndexMaker::read_codec(SourceTrack const& source, TrackKind kind, std::uint32_t description) const {
    if (description == 0 || description > source.descriptions.size()) throw DamagedIndex();
    auto const entry = read_text(bytes_, source.descriptions[description - 1], max_description);
    return kind == TrackKind::video ? read_video_entry(entry) : read_audio_entry(entry, source.description_version);
}

// Empty when there is nothing to be shown of the track.
std::optional<PlannedTrack> IndexMaker::plan(SourceTrack const& source, TrackKind kind) {
    PlannedTrack plan{.source = &source, .kind = kind};
    if (source.descriptions.empty() || (source.index.sample_count == 0 && !movie_.is_fragmented)) return std::nullopt;
    if (source.index.timescale == 0 || source.index.id == 0) throw DamagedIndex();
    // The codec comes first: tracks of uncompressed audio have more samples than are worth reading.
    plan.codec = read_codec(source, kind, 1);
    plan.shown = read_shown(movie_, source);
    if (moved_ > 0) {
        plan.shown.media_start -=
            static_cast<std::int64_t>(rescale(moved_, cut_timescale_, source.index.timescale, Rounding::nearest));
    }
    auto const survey = survey_samples(samples_, source, kind, plan.shown, budget_);
    if (!survey) return std::nullopt;
    plan.survey = *survey;
    if (survey->description != 1) plan.codec = read_codec(source, kind, survey->description);
    plan.begin = survey->first_composition_time - plan.shown.media_start + static_cast<std::int64_t>(plan.shown.delay);
    return plan;
}

bool is_picture(SourceTrack const& track) {
    auto const type = track.index.sample_entry;
    bool const is_still = type == four_cc("jpeg") || type == four_cc("png ") || type == four_cc("mp4v");
    return is_still && track.index.sample_count == 1;
}

// The first track that is enabled. Disabled ones are chapters' pictures; a single still picture is a cover.
void IndexMaker::plan_video() {
    for (auto const& source : movie_.tracks) {
        if (source.index.handler != four_cc("vide") || !source.is_enabled || is_picture(source)) continue;
        auto planned = plan(source, TrackKind::video);
        if (!planned) continue;
        moved_ = begin_with_key_frame(*planned);
        cut_timescale_ = source.index.timescale;
        tracks_.push_back(*std::move(planned));
        return;
    }
}

// Disabled ones are there to be chosen. Those that cannot be packaged are left out as long as one can.
void IndexMaker::plan_audio() {
    std::optional<Unpackageable> refusal;
    auto const has_video = tracks_.size();
    for (auto const& source : movie_.tracks) {
        if (source.index.handler != four_cc("soun")) continue;
        try {
            if (auto planned = plan(source, TrackKind::audio)) tracks_.push_back(*std::move(planned));
        } catch (Unpackageable const& failure) {
            if (failure.verdict().reason != RenditionReason::codec) throw;
            refusal = failure;
        }
        if (tracks_.size() - has_video > max_audio_tracks) {
            throw Unpackageable(RenditionReason::too_large, "The file has more than 32 audio tracks.");
        }
    }
    if (refusal && tracks_.size() == has_video) throw Unpackageable(*refusal);
}

// The id of a track is its place in addresses.
void IndexMaker::require_own_ids() const {
    for (auto track = tracks_.begin(); track != tracks_.end(); ++track) {
        auto const is_same = [&](PlannedTrack const& other) {
            return other.source->index.id == track->source->index.id;
        };
        if (std::any_of(tracks_.begin(), track, is_same)) throw DamagedIndex();
    }
}

// Quarter turns swap width and height.
bool is_turned(std::array<std::uint32_t, 9> const& matrix) {
    return matrix[0] == 0 && matrix[4] == 0 && matrix[1] != 0;
}

Track IndexMaker::describe(PlannedTrack const& plan) {
    auto const& source = *plan.source;
    Track track{.kind = plan.kind, .id = source.index.id, .timescale = source.index.timescale};
    track.codec = plan.codec.codec;
    track.language = source.language;
    track.name = source.name;
    track.width = plan.codec.width;
    track.height = plan.codec.height;
    if (is_turned(source.matrix)) std::swap(track.width, track.height);
    track.channels = plan.codec.channels;
    track.sample_rate = plan.codec.sample_rate;
    track.media_start = plan.timing.media_start;
    track.default_sample_duration = plan.survey.common_duration;
    if (plan.timing.silent_frames > 0) {
        track.silence = plan.codec.silence;
    } else {
        track.default_sample_size = plan.survey.common_size;
    }
    track.init = write_init_segment(track, plan);
    return track;
}

CutGrid IndexMaker::grid(Track const& track) const {
    std::vector<std::uint64_t> cuts;
    for (auto const cut : cuts_) cuts.push_back(rescale(cut, cut_timescale_, track.timescale, Rounding::up));
    return {track.timescale, std::move(cuts)};
}

void IndexMaker::add_samples(PlannedTrack const& plan, Track const& track, SegmentBuilder& builder, FrameRate& frames) {
    auto const& timing = plan.timing;
    for (std::uint64_t i = 0; i < timing.silent_frames; ++i) {
        builder.add({.size = static_cast<std::uint32_t>(track.silence.size()),
                     .duration = timing.silent_duration,
                     .composition_offset = timing.silent_offset,
                     .is_sync = true},
                    std::nullopt);
    }
    SampleBudget again;
    PlayableSamples samples(samples_, *plan.source, again);
    for (std::uint64_t number = 0; number <= plan.survey.last; ++number) {
        auto const source = samples.next();
        if (!source) throw DamagedIndex();  // it was there before
        if (number < plan.survey.first) continue;
        auto const offset = std::int64_t{source->composition_offset} + timing.offset_shift;
        auto const duration = source->duration + (number == plan.survey.first ? timing.first_stands : 0);
        if (offset > std::numeric_limits<std::uint32_t>::max() ||
            duration > std::numeric_limits<std::uint32_t>::max()) {
            throw Unpackageable(RenditionReason::timing, "The file has times that no segment can say.");
        }
        builder.add({.size = source->size,
                     .duration = static_cast<std::uint32_t>(duration),
                     .composition_offset = static_cast<std::uint32_t>(offset),
                     .is_sync = source->is_sync},
                    source->offset);
        if (plan.kind == TrackKind::video) frames.add(source->duration);
    }
}

void IndexMaker::build(PlannedTrack const& plan, IndexWriter& out) {
    auto track = describe(plan);
    if (plan.kind == TrackKind::audio && plan.source->is_enabled) {
        track.is_default = !std::exchange(has_default_audio_, true);
    }
    SegmentBuilder builder(track, grid(track), plan.timing.decode_time);
    FrameRate frames(track.timescale);
    add_samples(plan, track, builder, frames);
    builder.finish();
    // HEVC marks such pictures (RASL), so that decoders skip them. Decoders of H.264 in browsers fail on them.
    if (!builder.is_independent() && track.codec.starts_with("avc")) {
        throw Unpackageable(RenditionReason::open_gop,
                            "Pictures need others before the key frame (open GOP), so playing cannot begin there.");
    }
    if (plan.kind == TrackKind::video) {
        cuts_.assign(builder.starts().begin() + 1, builder.starts().end());
        // Of a single picture, say, the end is no place to cut the audio at.
        auto const end = static_cast<std::uint64_t>(builder.end());
        auto const last = cuts_.empty() ? 0 : cuts_.back();
        if (4 * (end - last) >= std::uint64_t{track.timescale} * segment_seconds) cuts_.push_back(end);
        track.frame_rate_milli = frames.milli();
    }
    is_independent_ = is_independent_ && builder.is_independent();
    track.duration = static_cast<std::uint64_t>(std::max<std::int64_t>(builder.end(), 0));
    track.peak_bit_rate = builder.rates().peak();
    track.average_bit_rate = builder.rates().average();
    write_track(out, track);
    out.number(builder.count());
    out.raw(std::exchange(builder.directory(), {}));
    out.raw(builder.blobs());
    if (out.size() > max_index) {
        throw Unpackageable(RenditionReason::too_large, "The index of the file would be larger than 32 MiB.");
    }
}

std::string IndexMaker::header(std::size_t body, bool has_fast_start) const {
    IndexWriter out;
    out.raw(index_magic);
    out.fixed(PackagingIndex::version, 2);
    out.fixed((is_independent_ ? index_flag_independent : 0) | (has_fast_start ? index_flag_fast_start : 0), 2);
    out.fixed(tracks_.size(), 4);
    out.fixed(identity_.size, 8);
    for (auto const byte : identity_.sha256) out.fixed(byte, 1);
    out.fixed(index_header_size + body, 8);
    return std::move(out.bytes());
}

}  // namespace

IndexOutcome make_index(RandomBytes const& bytes, SourceIdentity const& source) {
    try {
        return BuiltIndex{IndexMaker(bytes, source).make()};
    } catch (Unpackageable const& failure) {
        return failure.verdict();
    } catch (DamagedIndex const&) {
        return NeedsRendition{RenditionReason::damaged, "The file's tables contradict each other."};
    }
}

}  // namespace clinikk::media::packaging
