#include "media/fragment_times.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"
#include "media/sample_tables.hpp"

namespace clinikk::media {
namespace {

constexpr std::uint64_t max_units = std::uint64_t{1} << 53;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// The header of the fragment of a track (`tfhd`).
struct FragmentHeader {
    std::uint32_t track_id = 0;
    std::optional<std::uint64_t> base{};  ///< offset of its data; empty: see `data_follows`
    bool base_is_fragment = false;        ///< it is the offset of the `moof`
    std::optional<std::uint32_t> sample_duration{};
    std::optional<std::uint32_t> sample_size{};
};

FragmentHeader read_fragment_header(RandomBytes const& bytes, Extent tfhd) {
    FragmentHeader header;
    auto const flags = read_number(bytes, tfhd, 1, 3);
    header.track_id = static_cast<std::uint32_t>(read_number(bytes, tfhd, 4, 4));
    header.base_is_fragment = (flags & 0x20000) != 0;
    std::uint64_t at = 8;
    auto const next = [&](std::size_t size) {
        auto const number = read_number(bytes, tfhd, at, size);
        at += size;
        return number;
    };
    if ((flags & 0x1) != 0) header.base = next(8);
    if ((flags & 0x2) != 0) next(4);  // sample description
    if ((flags & 0x8) != 0) header.sample_duration = static_cast<std::uint32_t>(next(4));
    if ((flags & 0x10) != 0) header.sample_size = static_cast<std::uint32_t>(next(4));
    return header;
}

/// A run of samples (`trun`), and the places of its fields.
struct Run {
    std::uint64_t count = 0;
    std::optional<std::int32_t> data_offset{};
    std::uint64_t entries = 0;     ///< offset of the first within the box
    std::uint64_t entry_size = 0;  ///< bytes
    bool has_durations = false;
    bool has_sizes = false;
};

Run read_run(RandomBytes const& bytes, Extent trun) {
    Run run;
    auto const flags = read_number(bytes, trun, 1, 3);
    run.count = read_number(bytes, trun, 4, 4);
    run.entries = 8;
    if ((flags & 0x1) != 0) {
        run.data_offset = static_cast<std::int32_t>(read_number(bytes, trun, 8, 4));
        run.entries += 4;
    }
    if ((flags & 0x4) != 0) run.entries += 4;  // flags of the first sample
    for (auto const flag : {0x100u, 0x200u, 0x400u, 0x800u}) {
        if ((flags & flag) != 0) run.entry_size += 4;
    }
    run.has_durations = (flags & 0x100) != 0;
    run.has_sizes = (flags & 0x200) != 0;
    if (run.entries > trun.size() || run.count * run.entry_size > trun.size() - run.entries) throw DamagedIndex();
    return run;
}

}  // namespace

/// Reads one fragment into the times of its tracks.
class FragmentTimes::Reader {
public:
    Reader(FragmentTimes& times, std::string_view fragment, std::uint64_t offset, std::uint64_t limit,
           MovieIndex const* index)
        : times_(times), fragment_(fragment), bytes_(fragment), offset_(offset), limit_(limit), index_(index) {}

    // Returns whether all samples lie within the limit.
    bool read() {
        try {
            BoxCursor cursor(bytes_, {0, fragment_.size()}, budget_);
            while (auto const box = cursor.next()) {
                if (box->type == four_cc("traf")) read_track(box->payload);
            }
        } catch (DamagedIndex const&) {
            return false;
        }
        return complete_;
    }

private:
    void read_track(Extent traf) {
        FragmentHeader header;
        TrackTime* track = nullptr;
        bool within = true;
        BoxCursor cursor(bytes_, traf, budget_);
        while (auto const box = cursor.next()) {
            if (box->type == four_cc("tfhd")) {
                header = read_fragment_header(bytes_, box->payload);
                track = times_.track(header.track_id);
                if (header.base || header.base_is_fragment || !data_at_) data_at_ = header.base.value_or(offset_);
                base_ = *data_at_;
            } else if (box->type == four_cc("tfdt") && track != nullptr) {
                bool const wide = read_number(bytes_, box->payload, 0, 1) == 1;
                track->end = {std::min(read_number(bytes_, box->payload, 4, wide ? 8 : 4), max_units), 0};
            } else if (box->type == four_cc("trun") && track != nullptr && within) {
                within = add_run(box->payload, header, *track);
                complete_ = complete_ && within;
            }
        }
    }

    bool add_run(Extent trun, FragmentHeader const& header, TrackTime& track) {
        auto const run = read_run(bytes_, trun);
        if (run.data_offset) data_at_ = base_ + static_cast<std::uint64_t>(std::int64_t{*run.data_offset});
        auto const count = samples_within(trun, run, header);
        if (count > 0 && !track.has_samples) {
            track.has_samples = true;
            track.begin = track.end.units;
        }
        if (run.has_durations) {
            for (std::uint64_t i = 0; i < count; ++i) {
                track.end.units += read_number(bytes_, trun, run.entries + i * run.entry_size, 4);
            }
        } else if (header.sample_duration) {
            track.end.units += count * *header.sample_duration;
        } else {
            track.end.default_samples += count;
        }
        track.end.units = std::min(track.end.units, max_units);
        return count == run.count;
    }

    // The number of samples of a run that lie within the limit. `data_at_` moves past them.
    std::uint64_t samples_within(Extent trun, Run const& run, FragmentHeader const& header) {
        if (limit_ == no_limit) return run.count;
        auto& at = *data_at_;
        if (at > limit_) return 0;
        if (!run.has_sizes) {
            std::uint64_t const size = header.sample_size.value_or(default_size(header.track_id));
            auto const count = size == 0 ? run.count : std::min(run.count, (limit_ - at) / size);
            at += count * size;
            return count;
        }
        auto const field = run.entries + (run.has_durations ? 4 : 0);
        for (std::uint64_t i = 0; i < run.count; ++i) {
            auto const size = read_number(bytes_, trun, field + i * run.entry_size, 4);
            if (size > limit_ - at) return i;
            at += size;
        }
        return run.count;
    }

    std::uint32_t default_size(std::uint32_t track_id) const {
        auto const found = std::ranges::find(index_->tracks, track_id, &Track::id);
        return found == index_->tracks.end() ? 0 : found->fragment_sample_size;
    }

    FragmentTimes& times_;
    std::string_view fragment_;
    MemoryBytes bytes_;
    BoxBudget budget_;
    std::uint64_t offset_;
    std::uint64_t limit_;
    MovieIndex const* index_;
    std::optional<std::uint64_t> data_at_;  ///< where the data of the next run begins, unless the run states it
    std::uint64_t base_ = 0;
    bool complete_ = true;
};

void FragmentTimes::add(std::string_view fragment) {
    if (!fragment.empty()) Reader(*this, fragment, 0, no_limit, nullptr).read();
}

bool FragmentTimes::add_part(std::string_view fragment, std::uint64_t offset, std::uint64_t file_size,
                             MovieIndex const& index) {
    return Reader(*this, fragment, offset, file_size, &index).read();
}

FragmentTimes::TrackTime* FragmentTimes::track(std::uint32_t id) {
    auto const found = std::ranges::find(tracks_, id, &TrackTime::id);
    if (found != tracks_.end()) return &*found;
    if (tracks_.size() == max_tracks) return nullptr;
    tracks_.push_back({id});
    return &tracks_.back();
}

std::optional<std::int64_t> FragmentTimes::begin_ms(MovieIndex const& index) const {
    std::optional<std::int64_t> first;
    for (auto const& time : tracks_) {
        auto const found = std::ranges::find(index.tracks, time.id, &Track::id);
        if (found == index.tracks.end() || found->timescale == 0 || !time.has_samples) continue;
        auto const begin = std::llround(static_cast<long double>(time.begin) * 1000 / found->timescale);
        first = std::min<std::int64_t>(first.value_or(begin), begin);
    }
    return first;
}

std::optional<std::int64_t> FragmentTimes::end_ms(MovieIndex const& index) const {
    std::optional<std::int64_t> last;
    for (auto const& time : tracks_) {
        auto const found = std::ranges::find(index.tracks, time.id, &Track::id);
        if (found == index.tracks.end() || found->timescale == 0 || !time.has_samples) continue;
        auto const units = static_cast<long double>(time.end.units) +
                           static_cast<long double>(time.end.default_samples) * found->fragment_sample_duration;
        if (units > static_cast<long double>(max_units)) continue;
        last = std::max(last, std::optional<std::int64_t>(std::llround(units * 1000 / found->timescale)));
    }
    return last;
}

}  // namespace clinikk::media
