// The times in a movie fragment (ISO/IEC 14496-12 section 8.8).
#include <algorithm>
#include <cmath>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"
#include "media/sample_tables.hpp"

namespace clinikk::media {
namespace {

constexpr std::uint64_t max_units = std::uint64_t{1} << 53;

struct FragmentTimes {
    std::uint32_t track_id = 0;
    std::optional<std::uint32_t> sample_duration;
    std::optional<std::uint64_t> start;
    std::uint64_t length = 0;
};

void read_fragment_header(RandomBytes const& bytes, Extent tfhd, FragmentTimes& times) {
    auto const flags = read_number(bytes, tfhd, 1, 3);
    times.track_id = static_cast<std::uint32_t>(read_number(bytes, tfhd, 4, 4));
    std::uint64_t at = 8;
    if ((flags & 0x1) != 0) at += 8;  // base data offset
    if ((flags & 0x2) != 0) at += 4;  // sample description
    if ((flags & 0x8) != 0) times.sample_duration = static_cast<std::uint32_t>(read_number(bytes, tfhd, at, 4));
}

// Adds up the durations of a run of samples.
std::uint64_t run_length(RandomBytes const& bytes, Extent trun, std::uint32_t default_duration) {
    auto const flags = read_number(bytes, trun, 1, 3);
    auto const count = read_number(bytes, trun, 4, 4);
    if ((flags & 0x100) == 0) return count * default_duration;
    std::uint64_t at = 8;
    if ((flags & 0x1) != 0) at += 4;  // data offset
    if ((flags & 0x4) != 0) at += 4;  // flags of the first sample
    std::uint64_t entry = 0;
    for (auto const flag : {0x100u, 0x200u, 0x400u, 0x800u}) {
        if ((flags & flag) != 0) entry += 4;
    }
    if (at > trun.size() || count * entry > trun.size() - at) throw DamagedIndex();
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) sum += read_number(bytes, trun, at + i * entry, 4);
    return sum;
}

std::optional<std::int64_t> track_end_ms(RandomBytes const& bytes, Extent traf, BoxBudget& budget,
                                         MovieIndex const& index) {
    FragmentTimes times;
    Track const* track = nullptr;
    BoxCursor cursor(bytes, traf, budget);
    while (auto const box = cursor.next()) {
        if (box->type == four_cc("tfhd")) {
            read_fragment_header(bytes, box->payload, times);
            auto const found = std::ranges::find(index.tracks, times.track_id, &Track::id);
            if (found == index.tracks.end() || found->timescale == 0) return std::nullopt;
            track = &*found;
        } else if (box->type == four_cc("tfdt")) {
            times.start = read_number(bytes, box->payload, 4, read_number(bytes, box->payload, 0, 1) == 1 ? 8 : 4);
        } else if (box->type == four_cc("trun") && track != nullptr) {
            auto const fallback = times.sample_duration.value_or(track->fragment_sample_duration);
            times.length += run_length(bytes, box->payload, fallback);
            if (times.length > max_units) return std::nullopt;
        }
    }
    if (track == nullptr || !times.start || *times.start > max_units) return std::nullopt;
    auto const end = static_cast<long double>(*times.start + times.length);
    return std::llround(end * 1000 / track->timescale);
}

}  // namespace

std::optional<std::int64_t> fragment_end_ms(std::string_view fragment, MovieIndex const& index) {
    MemoryBytes const bytes(fragment);
    BoxBudget budget;
    std::optional<std::int64_t> longest;
    try {
        BoxCursor cursor(bytes, {0, fragment.size()}, budget);
        while (auto const box = cursor.next()) {
            if (box->type != four_cc("traf")) continue;
            auto const end = track_end_ms(bytes, box->payload, budget, index);
            if (end && end > longest) longest = end;
        }
    } catch (DamagedIndex const&) {
        return std::nullopt;
    }
    return longest;
}

}  // namespace clinikk::media
