#include "media/packaging/fragment_samples.hpp"

#include "media/big_endian.hpp"
#include "media/packaging/fragment_flags.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::uint64_t max_time = std::uint64_t{1} << 53;
constexpr std::uint64_t max_offset = std::uint64_t{1} << 62;

constexpr std::uint32_t is_non_sync = 0x10000;

/// The fields of a box one after the other.
class Fields {
public:
    Fields(RandomBytes const& bytes, Extent box, std::uint64_t at) : bytes_(bytes), box_(box), at_(at) {}
    std::uint64_t next(std::size_t size) {
        auto const value = read_number(bytes_, box_, at_, size);
        at_ += size;
        return value;
    }
    std::uint32_t u32() { return static_cast<std::uint32_t>(next(4)); }
    std::uint64_t at() const noexcept { return at_; }

private:
    RandomBytes const& bytes_;
    Extent box_;
    std::uint64_t at_;
};

}  // namespace

FragmentSamples::FragmentSamples(SampleSource const& source, SourceTrack const& track, std::uint64_t decode_time)
    : source_(source), track_(track), decode_time_(decode_time) {}

std::optional<SourceSample> FragmentSamples::next() {
    while (left_ == 0) {
        if (run_ == runs_.size() && !enter_fragment()) return std::nullopt;
        if (run_ < runs_.size()) enter_run(runs_[run_++]);
    }
    return take();
}

void FragmentSamples::enter_run(SampleRun const& run) {
    current_ = run;
    entries_.reset();
    if (run.entries.entry_bits > 0) entries_.emplace(source_.bytes, run.entries);
    left_ = run.count;
    offset_ = run.offset;
    if (run.decode_time) decode_time_ = *run.decode_time;
}

SourceSample FragmentSamples::take() {
    bool const is_first = left_ == current_.count;
    --left_;
    auto entry = entries_ ? entries_->next() : std::string_view();
    auto const field = [&](std::uint32_t flag, std::uint32_t otherwise) {
        if ((current_.flags & flag) == 0) return otherwise;
        auto const value = load_u32(entry);
        entry.remove_prefix(4);
        return value;
    };
    SourceSample sample{.decode_time = decode_time_, .offset = offset_, .description = current_.defaults.description};
    sample.duration = field(trun_durations, current_.defaults.duration);
    sample.size = field(trun_sizes, current_.defaults.size);
    auto flags = field(trun_flags, current_.defaults.flags);
    if (is_first && (current_.flags & trun_first_flags) != 0) flags = current_.first_flags;
    sample.composition_offset = static_cast<std::int32_t>(field(trun_composition, 0));
    sample.is_sync = (flags & is_non_sync) == 0;
    offset_ += sample.size;
    decode_time_ += sample.duration;
    if (decode_time_ > max_time || offset_ > max_offset) throw DamagedIndex();
    return sample;
}

// The next fragment of the file that has runs of the track. False at the end.
bool FragmentSamples::enter_fragment() {
    runs_.clear();
    run_ = 0;
    for (; runs_.empty() && box_ < source_.boxes.size(); ++box_) {
        auto const& box = source_.boxes[box_];
        if (box.type != four_cc("moof") || !box.is_whole) continue;
        BoxBudget budget;
        std::optional<std::uint64_t> data_end;
        BoxCursor cursor(source_.bytes, {box.payload, box.whole.end}, budget);
        while (auto const inner = cursor.next()) {
            if (inner->type == four_cc("traf")) {
                read_track_fragment(inner->payload, box.whole.begin, data_end, budget);
            }
        }
    }
    return !runs_.empty();
}

// `data_end` is where the data of the last run of the fragment ends; empty before the first run. The data of the first
// run of a track begins there when neither header nor run says where.
void FragmentSamples::read_track_fragment(Extent traf, std::uint64_t fragment, std::optional<std::uint64_t>& data_end,
                                          BoxBudget& budget) {
    auto const& bytes = source_.bytes;
    Defaults defaults{.duration = track_.index.fragment_sample_duration,
                      .size = track_.index.fragment_sample_size,
                      .flags = track_.fragment_sample_flags,
                      .description = track_.fragment_description};
    bool is_ours = false;
    std::uint64_t base = fragment;
    std::optional<std::uint64_t> decode_time;
    BoxCursor cursor(bytes, traf, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("tfhd")) {
            auto const flags = read_number(bytes, box->payload, 1, 3);
            is_ours = read_number(bytes, box->payload, 4, 4) == track_.index.id;
            Fields fields(bytes, box->payload, 8);
            if ((flags & tfhd_base_offset) != 0) {
                base = fields.next(8);
                data_end = base;
            } else if ((flags & tfhd_base_is_moof) != 0 || !data_end) {
                data_end = base;
            } else {
                base = *data_end;
            }
            if ((flags & tfhd_description) != 0) defaults.description = fields.u32();
            if ((flags & tfhd_duration) != 0) defaults.duration = fields.u32();
            if ((flags & tfhd_size) != 0) defaults.size = fields.u32();
            if ((flags & tfhd_flags) != 0) defaults.flags = fields.u32();
        } else if (box->type == four_cc("tfdt") && is_ours) {
            bool const wide = read_number(bytes, box->payload, 0, 1) == 1;
            decode_time = read_number(bytes, box->payload, 4, wide ? 8 : 4);
            if (*decode_time > max_time) throw DamagedIndex();
        } else if (box->type == four_cc("trun") && data_end) {
            auto run = read_run(box->payload, defaults);
            run.offset = (run.flags & trun_data_offset) != 0 ? base + run.offset : *data_end;
            if (base > max_offset || run.offset > max_offset) throw DamagedIndex();
            data_end = run.offset + bytes_of(run);
            if (!is_ours || run.count == 0) continue;
            run.decode_time = decode_time;
            decode_time.reset();
            runs_.push_back(run);
        }
    }
}

// Its offset is still relative to the base of the data.
FragmentSamples::SampleRun FragmentSamples::read_run(Extent trun, Defaults const& defaults) const {
    auto const& bytes = source_.bytes;
    SampleRun run{.flags = static_cast<std::uint32_t>(read_number(bytes, trun, 1, 3)), .defaults = defaults};
    run.count = read_number(bytes, trun, 4, 4);
    Fields fields(bytes, trun, 8);
    if ((run.flags & trun_data_offset) != 0) {
        run.offset = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(fields.u32())});
    }
    if ((run.flags & trun_first_flags) != 0) run.first_flags = fields.u32();
    std::uint8_t entry_size = 0;
    for (auto const flag : {trun_durations, trun_sizes, trun_flags, trun_composition}) {
        if ((run.flags & flag) != 0) entry_size += 4;
    }
    if (fields.at() > trun.size() || run.count * entry_size > trun.size() - fields.at()) throw DamagedIndex();
    run.entries = {trun.begin + fields.at(), static_cast<std::uint32_t>(run.count),
                   static_cast<std::uint8_t>(8 * entry_size)};
    return run;
}

std::uint64_t FragmentSamples::bytes_of(SampleRun const& run) const {
    if ((run.flags & trun_sizes) == 0) return run.count * run.defaults.size;
    std::uint64_t bytes = 0;
    EntryReader entries(source_.bytes, run.entries);
    std::size_t const at = (run.flags & trun_durations) != 0 ? 4 : 0;
    while (entries.left() > 0) bytes += load_u32(entries.next().substr(at));
    return bytes;
}

}  // namespace clinikk::media::packaging
