#include "media/packaging/table_samples.hpp"

#include "media/big_endian.hpp"

namespace clinikk::media::packaging {
namespace {

constexpr std::uint64_t max_offset = std::uint64_t{1} << 62;
constexpr std::uint64_t max_decode_time = std::uint64_t{1} << 53;

}  // namespace

bool TableSamples::Runs::is_spent() {
    while (left_ == 0 && entries_.left() > 0) {
        auto const entry = entries_.next();
        left_ = load_u32(entry);
        value_ = load_u32(entry.substr(4));
    }
    return left_ == 0;
}

std::uint32_t TableSamples::Runs::next() {
    if (is_spent()) throw DamagedIndex();
    --left_;
    return value_;
}

TableSamples::TableSamples(RandomBytes const& bytes, SourceTrack const& track)
    : track_(track),
      samples_left_(track.index.sample_count),
      sizes_(bytes, track.index.sample_sizes),
      chunk_offsets_(bytes, track.index.chunk_offsets),
      chunk_runs_(bytes, track.index.sample_to_chunk),
      sync_(bytes, track.index.sync_samples),
      durations_(bytes, track.index.durations),
      composition_(bytes, track.index.composition_offsets) {
    if (samples_left_ > 0) look_ahead();
    if (sync_.left() > 0) next_sync_ = static_cast<std::uint32_t>(sync_.next_number());
}

std::optional<SourceSample> TableSamples::next() {
    if (samples_left_ == 0) {
        check_end();
        return std::nullopt;
    }
    --samples_left_;
    ++sample_;
    while (left_in_chunk_ == 0) enter_chunk();
    --left_in_chunk_;
    auto const fixed = track_.index.fixed_sample_size;
    SourceSample sample{.decode_time = decode_time_,
                        .offset = offset_,
                        .size = fixed != 0 ? fixed : static_cast<std::uint32_t>(sizes_.next_number()),
                        .duration = durations_.next(),
                        .description = description_,
                        .is_sync = take_sync()};
    // Version 0 has unsigned offsets, but its writers mean signed ones where the highest bit is set.
    if (track_.index.composition_offsets.count > 0) {
        sample.composition_offset = static_cast<std::int32_t>(composition_.next());
    }
    offset_ += sample.size;
    decode_time_ += sample.duration;
    if (decode_time_ > max_decode_time) throw DamagedIndex();
    return sample;
}

// All tables must be about the same number of samples.
void TableSamples::check_end() {
    if (!durations_.is_spent() || !composition_.is_spent() || next_sync_ != 0) throw DamagedIndex();
}

// Every chunk has an entry of its own, so empty ones cost no more than reading the table.
void TableSamples::enter_chunk() {
    if (chunk_offsets_.left() == 0) throw DamagedIndex();
    offset_ = chunk_offsets_.next_number();
    if (offset_ > max_offset) throw DamagedIndex();
    ++chunk_;
    if (chunk_ == next_first_chunk_) {
        samples_per_chunk_ = next_samples_;
        description_ = next_description_;
        look_ahead();
    }
    left_in_chunk_ = samples_per_chunk_;
}

void TableSamples::look_ahead() {
    if (chunk_runs_.left() == 0) {
        next_first_chunk_ = 0;
        return;
    }
    auto const entry = chunk_runs_.next();
    auto const first = load_u32(entry);
    bool const is_in_order = chunk_ == 0 ? first == 1 : first > chunk_;
    if (!is_in_order) throw DamagedIndex();
    next_first_chunk_ = first;
    next_samples_ = load_u32(entry.substr(4));
    next_description_ = load_u32(entry.substr(8));
}

bool TableSamples::take_sync() {
    if (!track_.has_sync_table) return true;
    if (sample_ != next_sync_) return false;
    next_sync_ = sync_.left() > 0 ? static_cast<std::uint32_t>(sync_.next_number()) : 0;
    if (next_sync_ != 0 && next_sync_ <= sample_) throw DamagedIndex();
    return true;
}

}  // namespace clinikk::media::packaging
