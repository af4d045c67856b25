#include "media/sample_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t max_tracks = 1000;

// The entries of a table must fit into its box, `at` bytes into its payload.
Table make_table(Extent box, std::uint64_t at, std::uint64_t count, std::uint8_t entry_bits) {
    if (at > box.size() || (count * entry_bits + 7) / 8 > box.size() - at) throw DamagedIndex();
    return {box.begin + at, static_cast<std::uint32_t>(count), entry_bits};
}

void read_sample_sizes(RandomBytes const& bytes, ChildBox const& box, Track& track) {
    auto const count = read_number(bytes, box.payload, 8, 4);
    track.sample_count = static_cast<std::uint32_t>(count);
    if (box.type == four_cc("stz2")) {
        auto const bits = read_number(bytes, box.payload, 7, 1);
        if (bits != 4 && bits != 8 && bits != 16) throw DamagedIndex();
        track.sample_sizes = make_table(box.payload, 12, count, static_cast<std::uint8_t>(bits));
        return;
    }
    track.fixed_sample_size = static_cast<std::uint32_t>(read_number(bytes, box.payload, 4, 4));
    if (track.fixed_sample_size == 0) track.sample_sizes = make_table(box.payload, 12, count, 32);
}

Table read_table(RandomBytes const& bytes, Extent box, std::uint8_t entry_bits) {
    return make_table(box, 8, read_number(bytes, box, 4, 4), entry_bits);
}

void read_sample_table(RandomBytes const& bytes, Extent stbl, BoxBudget& budget, Track& track) {
    BoxCursor cursor(bytes, stbl, budget);
    while (auto const box = cursor.next()) {
        switch (box->type) {
            case four_cc("stsd"):
                if (box->payload.size() >= 16) {
                    track.sample_entry = static_cast<std::uint32_t>(read_number(bytes, box->payload, 12, 4));
                }
                break;
            case four_cc("stsz"):
            case four_cc("stz2"): read_sample_sizes(bytes, *box, track); break;
            case four_cc("stts"): track.durations = read_table(bytes, box->payload, 64); break;
            case four_cc("ctts"): track.composition_offsets = read_table(bytes, box->payload, 64); break;
            case four_cc("stss"): track.sync_samples = read_table(bytes, box->payload, 32); break;
            case four_cc("stsc"): track.sample_to_chunk = read_table(bytes, box->payload, 96); break;
            case four_cc("stco"): track.chunk_offsets = read_table(bytes, box->payload, 32); break;
            case four_cc("co64"): track.chunk_offsets = read_table(bytes, box->payload, 64); break;
            default: break;
        }
    }
}

void read_media_header(RandomBytes const& bytes, Extent mdhd, Track& track) {
    bool const wide = read_number(bytes, mdhd, 0, 1) == 1;
    track.timescale = static_cast<std::uint32_t>(read_number(bytes, mdhd, wide ? 20 : 12, 4));
    track.duration = read_number(bytes, mdhd, wide ? 24 : 16, wide ? 8 : 4);
}

// Returns whether a list of data references names another place than this file. An entry with neither the flag for this
// file nor an address names nothing that could be followed.
bool names_other_files(RandomBytes const& bytes, Extent dref, BoxBudget& budget) {
    if (dref.size() < 8) throw DamagedIndex();
    BoxCursor entries(bytes, {dref.begin + 8, dref.end}, budget);
    while (auto const entry = entries.next()) {
        bool const is_this_file = (read_number(bytes, entry->payload, 3, 1) & 1) != 0;
        bool const has_address = entry->payload.size() > 4 && read_number(bytes, entry->payload, 4, 1) != 0;
        bool const has_record = entry->type != four_cc("url ") && entry->payload.size() > 4;
        if (!is_this_file && (has_address || has_record)) return true;
    }
    return false;
}

void read_media_information(RandomBytes const& bytes, Extent minf, BoxBudget& budget, Track& track) {
    BoxCursor cursor(bytes, minf, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("stbl")) read_sample_table(bytes, box->payload, budget, track);
        if (box->type != four_cc("dinf")) continue;
        BoxCursor information(bytes, box->payload, budget);
        while (auto const inner = information.next()) {
            if (inner->type == four_cc("dref"))
                track.has_external_data |= names_other_files(bytes, inner->payload, budget);
        }
    }
}

// The first edit that shows media, and the empty edits before it. Later edits do not move the beginning.
void read_edits(RandomBytes const& bytes, Extent elst, Track& track) {
    bool const wide = read_number(bytes, elst, 0, 1) == 1;
    std::size_t const number = wide ? 8 : 4;
    auto const count = read_number(bytes, elst, 4, 4);
    std::uint64_t at = 8;
    for (std::uint64_t i = 0; i < count && elst.size() - at >= 2 * number + 4; ++i, at += 2 * number + 4) {
        auto const time = read_number(bytes, elst, at + number, number);
        auto const start = wide ? static_cast<std::int64_t>(time) : static_cast<std::int32_t>(time);
        if (start >= 0) {
            track.media_start = start;
            return;
        }
        track.delay += read_number(bytes, elst, at, number);
    }
}

void read_media(RandomBytes const& bytes, Extent mdia, BoxBudget& budget, Track& track) {
    BoxCursor cursor(bytes, mdia, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("mdhd")) {
            read_media_header(bytes, box->payload, track);
        } else if (box->type == four_cc("hdlr")) {
            track.handler = static_cast<std::uint32_t>(read_number(bytes, box->payload, 8, 4));
        } else if (box->type == four_cc("minf")) {
            read_media_information(bytes, box->payload, budget, track);
        }
    }
}

Track read_track(RandomBytes const& bytes, Extent trak, BoxBudget& budget) {
    Track track;
    BoxCursor cursor(bytes, trak, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("tkhd")) {
            bool const wide = read_number(bytes, box->payload, 0, 1) == 1;
            track.id = static_cast<std::uint32_t>(read_number(bytes, box->payload, wide ? 20 : 12, 4));
        } else if (box->type == four_cc("mdia")) {
            read_media(bytes, box->payload, budget, track);
        } else if (box->type == four_cc("edts")) {
            BoxCursor edits(bytes, box->payload, budget);
            while (auto const inner = edits.next()) {
                if (inner->type == four_cc("elst")) read_edits(bytes, inner->payload, track);
            }
        }
    }
    return track;
}

void read_fragment_defaults(RandomBytes const& bytes, Extent mvex, BoxBudget& budget, MovieIndex& index) {
    BoxCursor cursor(bytes, mvex, budget);
    while (auto const box = cursor.next()) {
        if (box->type != four_cc("trex")) continue;
        auto const found = std::ranges::find(index.tracks, read_number(bytes, box->payload, 4, 4), &Track::id);
        if (found == index.tracks.end()) continue;
        found->fragment_sample_duration = static_cast<std::uint32_t>(read_number(bytes, box->payload, 12, 4));
        found->fragment_sample_size = static_cast<std::uint32_t>(read_number(bytes, box->payload, 16, 4));
    }
}

MovieIndex read_movie(RandomBytes const& bytes, Extent movie) {
    MovieIndex index;
    BoxBudget budget;
    std::optional<Extent> fragment_defaults;
    BoxCursor cursor(bytes, movie, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("trak")) {
            if (index.tracks.size() == max_tracks) throw DamagedIndex();
            index.tracks.push_back(read_track(bytes, box->payload, budget));
        } else if (box->type == four_cc("mvhd")) {
            bool const wide = read_number(bytes, box->payload, 0, 1) == 1;
            index.timescale = static_cast<std::uint32_t>(read_number(bytes, box->payload, wide ? 20 : 12, 4));
        } else if (box->type == four_cc("mvex")) {
            fragment_defaults = box->payload;
        }
    }
    if (fragment_defaults) {
        index.fragmented = true;
        read_fragment_defaults(bytes, *fragment_defaults, budget, index);
    }
    return index;
}

// The number of samples in each chunk, chunk after chunk.
class ChunkRuns {
public:
    ChunkRuns(RandomBytes const& bytes, Table const& table) : entries_(bytes, table) { look_ahead(); }

    // For chunks 1, 2, 3, …
    std::uint32_t samples_in(std::uint64_t chunk) {
        while (has_next_ && next_first_ <= chunk) {
            samples_ = next_samples_;
            look_ahead();
        }
        return samples_;
    }

private:
    void look_ahead() {
        has_next_ = entries_.left() > 0;
        if (!has_next_) return;
        auto const entry = entries_.next();
        next_first_ = load_u32(entry);
        next_samples_ = load_u32(entry.substr(4));
    }

    EntryReader entries_;
    bool has_next_ = false;
    std::uint32_t next_first_ = 0;
    std::uint32_t next_samples_ = 0;
    std::uint32_t samples_ = 0;
};

// The number of the `count` samples that lie within `room` bytes. `sizes` moves past them.
std::uint64_t samples_within(EntryReader& sizes, Track const& track, std::uint64_t count, std::uint64_t room) {
    if (track.fixed_sample_size != 0) return std::min(count, room / track.fixed_sample_size);
    for (std::uint64_t i = 0; i < count; ++i) {
        auto const size = sizes.next_number();
        if (size > room) return i;
        room -= size;
    }
    return count;
}

// Every chunk has an entry, and so does every sample that is counted, so the work is that of reading the tables once.
std::uint32_t count_samples(RandomBytes const& bytes, Track const& track, std::uint64_t file_size) {
    EntryReader offsets(bytes, track.chunk_offsets);
    EntryReader sizes(bytes, track.sample_sizes);
    ChunkRuns runs(bytes, track.sample_to_chunk);
    std::uint64_t counted = 0;
    for (std::uint64_t chunk = 1; offsets.left() > 0 && counted < track.sample_count; ++chunk) {
        auto const offset = offsets.next_number();
        auto const samples = std::min<std::uint64_t>(runs.samples_in(chunk), track.sample_count - counted);
        if (samples == 0) continue;
        if (offset > file_size) break;
        auto const whole = samples_within(sizes, track, samples, file_size - offset);
        counted += whole;
        if (whole < samples) break;
    }
    return static_cast<std::uint32_t>(counted);
}

// A table of runs: the number of samples with the same value, one run after the other.
class ValueRuns {
public:
    ValueRuns(RandomBytes const& bytes, Table const& table) : entries_(bytes, table) { advance(0); }

    std::uint64_t left() const { return left_; }  // samples of this run
    std::int64_t value() const { return value_; }

    void advance(std::uint64_t samples) {
        left_ -= samples;
        while (left_ == 0 && entries_.left() > 0) {
            auto const entry = entries_.next();
            left_ = load_u32(entry);
            value_ = static_cast<std::int32_t>(load_u32(entry.substr(4)));
        }
    }

private:
    EntryReader entries_;
    std::uint64_t left_ = 0;
    std::int64_t value_ = 0;
};

// The latest end of the presentation of the first samples, and the earliest composition time that is certain (that of
// the first sample), in units of the timescale of the track.
struct Composed {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

// Where both tables have one value for a run of samples, the last sample is the latest.
Composed compose(RandomBytes const& bytes, Track const& track, std::uint32_t samples) {
    ValueRuns durations(bytes, track.durations);
    ValueRuns offsets(bytes, track.composition_offsets);
    Composed composed;
    if (offsets.left() > 0) composed.begin = offsets.value();
    std::int64_t decoded = 0;
    for (std::uint64_t left = samples; left > 0 && durations.left() > 0;) {
        auto count = std::min(left, durations.left());
        if (offsets.left() > 0) count = std::min(count, offsets.left());
        auto const offset = offsets.left() > 0 ? offsets.value() : 0;
        decoded += static_cast<std::int64_t>(count) * std::max<std::int64_t>(durations.value(), 0);
        if (decoded > std::int64_t{1} << 53) throw DamagedIndex();
        composed.end = std::max(composed.end, decoded + offset);
        left -= count;
        durations.advance(count);
        if (offsets.left() > 0) offsets.advance(count);
    }
    return composed;
}

Error damaged_index() { return {ErrorCode::media_unrecognised, "The file's index (moov) is damaged."}; }

}  // namespace

bool MovieIndex::is_encrypted() const noexcept {
    constexpr std::array entries{four_cc("encv"), four_cc("enca"), four_cc("encs"), four_cc("drmi"), four_cc("drms")};
    return std::ranges::any_of(
        tracks, [&](Track const& track) { return std::ranges::find(entries, track.sample_entry) != entries.end(); });
}

bool MovieIndex::has_external_data() const noexcept {
    return std::ranges::any_of(tracks, [](Track const& track) { return track.has_external_data; });
}

void MemoryBytes::read_at(std::uint64_t offset, std::span<char> out) const {
    std::ranges::fill(out, '\0');
    auto const end = offset_ + bytes_.size();
    auto const from = std::max(offset, offset_);
    if (from >= end || from - offset >= out.size()) return;
    auto const count = std::min<std::uint64_t>(end - from, out.size() - (from - offset));
    std::memcpy(out.data() + (from - offset), bytes_.data() + (from - offset_), count);
}

Result<MovieIndex> read_movie_index(RandomBytes const& bytes, Extent movie) {
    try {
        return read_movie(bytes, movie);
    } catch (DamagedIndex const&) {
        return damaged_index();
    }
}

Result<std::uint32_t> count_whole_samples(RandomBytes const& bytes, Track const& track, std::uint64_t file_size) {
    try {
        return count_samples(bytes, track, file_size);
    } catch (DamagedIndex const&) {
        return damaged_index();
    }
}

Result<std::int64_t> presentation_end_ms(RandomBytes const& bytes, MovieIndex const& index, Track const& track,
                                         std::uint32_t samples) {
    try {
        if (track.timescale == 0) return std::int64_t{0};
        auto const composed = compose(bytes, track, samples);
        auto const start = track.media_start.value_or(composed.begin);
        auto const length = static_cast<long double>(std::max<std::int64_t>(composed.end - start, 0));
        auto const delay = index.timescale == 0 ? 0.0L : static_cast<long double>(track.delay) * 1000 / index.timescale;
        return std::llround(std::min(length * 1000 / track.timescale + delay, 0x1p62L));
    } catch (DamagedIndex const&) {
        return damaged_index();
    }
}

}  // namespace clinikk::media
