#include "media/sample_tables.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"

namespace clinikk::media {
namespace {

constexpr std::size_t max_tracks = 1000;

// A table's entries must fit into its box, `at` bytes into its payload.
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

void read_media(RandomBytes const& bytes, Extent mdia, BoxBudget& budget, Track& track) {
    BoxCursor cursor(bytes, mdia, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("mdhd")) {
            read_media_header(bytes, box->payload, track);
        } else if (box->type == four_cc("hdlr")) {
            track.handler = static_cast<std::uint32_t>(read_number(bytes, box->payload, 8, 4));
        } else if (box->type == four_cc("minf")) {
            BoxCursor information(bytes, box->payload, budget);
            while (auto const inner = information.next()) {
                if (inner->type == four_cc("stbl")) read_sample_table(bytes, inner->payload, budget, track);
            }
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

// How many samples each chunk has, chunk after chunk.
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

// Every chunk has an entry, every sample that is added up one too, so the work is that of reading the tables once.
bool lies_within(RandomBytes const& bytes, Track const& track, std::uint64_t file_size) {
    EntryReader offsets(bytes, track.chunk_offsets);
    EntryReader sizes(bytes, track.sample_sizes);
    ChunkRuns runs(bytes, track.sample_to_chunk);
    std::uint64_t samples_left = track.sample_count;
    for (std::uint64_t chunk = 1; offsets.left() > 0 && samples_left > 0; ++chunk) {
        auto const offset = offsets.next_number();
        auto const samples = std::min<std::uint64_t>(runs.samples_in(chunk), samples_left);
        samples_left -= samples;
        if (samples == 0) continue;
        // Neither sum overflows: at most 2^32 samples of fewer than 2^32 bytes.
        std::uint64_t length = samples * track.fixed_sample_size;
        if (track.fixed_sample_size == 0) {
            for (std::uint64_t i = 0; i < samples; ++i) length += sizes.next_number();
        }
        if (offset > file_size || length > file_size - offset) return false;
    }
    return true;
}

}  // namespace

bool MovieIndex::is_encrypted() const noexcept {
    constexpr std::array entries{four_cc("encv"), four_cc("enca"), four_cc("encs"), four_cc("drmi"), four_cc("drms")};
    return std::ranges::any_of(
        tracks, [&](Track const& track) { return std::ranges::find(entries, track.sample_entry) != entries.end(); });
}

void MemoryBytes::read_at(std::uint64_t offset, std::span<char> out) const {
    std::ranges::fill(out, '\0');
    auto const end = offset_ + bytes_.size();
    auto const from = std::max(offset, offset_);
    if (from >= end || from - offset >= out.size()) return;
    auto const count = std::min<std::uint64_t>(end - from, out.size() - (from - offset));
    std::memcpy(out.data() + (from - offset), bytes_.data() + (from - offset_), count);
}

Result<MovieIndex> read_movie_index(RandomBytes const& bytes, Extent movie, std::uint64_t file_size) {
    try {
        auto index = read_movie(bytes, movie);
        for (auto const& track : index.tracks) {
            if (lies_within(bytes, track, file_size)) continue;
            return Error(ErrorCode::media_truncated,
                         "The file ends before the samples that its index lists: a part of it is missing.");
        }
        return index;
    } catch (DamagedIndex const&) {
        return Error(ErrorCode::media_unrecognised, "The file's index (moov) is damaged.");
    }
}

}  // namespace clinikk::media
