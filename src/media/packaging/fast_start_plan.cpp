#include "media/packaging/fast_start_plan.hpp"

#include <algorithm>
#include <limits>

#include "media/big_endian.hpp"
#include "media/box_cursor.hpp"

namespace clinikk::media::packaging {
namespace {

bool is_in_front(SourceMovie const& movie, std::vector<TopBox> const& boxes) {
    if (movie.is_fragmented) return true;
    auto const is_media = [](TopBox const& box) { return box.type == four_cc("mdat"); };
    auto const media = std::ranges::find_if(boxes, is_media);
    return find_top_box(boxes, four_cc("moov"))->whole.begin < (media == boxes.end() ? 0 : media->whole.begin);
}

// No offset grows by more than the size of the `moov`.
bool fits(RandomBytes const& bytes, Table const& table, std::uint64_t growth) {
    if (table.entry_bits == 64) return true;
    constexpr std::uint64_t largest = std::numeric_limits<std::uint32_t>::max();
    EntryReader entries(bytes, table);
    while (entries.left() > 0) {
        if (entries.next_number() + growth > largest) return false;
    }
    return true;
}

std::vector<Run> other_boxes(std::vector<TopBox> const& boxes) {
    std::vector<Run> others;
    for (auto const& box : boxes) {
        if (box.type == four_cc("moov")) continue;
        Run const run{box.whole.begin, box.whole.size()};
        // The first stays alone: the `moov` stands behind it.
        if (others.size() > 1 && others.back().offset + others.back().length == run.offset) {
            others.back().length += run.length;
        } else {
            others.push_back(run);
        }
    }
    return others;
}

}  // namespace

std::optional<FastStart> plan_fast_start(RandomBytes const& bytes, SourceMovie const& movie,
                                         std::vector<TopBox> const& boxes) {
    auto const& index = *find_top_box(boxes, four_cc("moov"));
    FastStart plan{
        .movie_offset = index.whole.begin, .movie_size = index.whole.size(), .is_in_front = is_in_front(movie, boxes)};
    if (plan.is_in_front) return plan;
    bool const has_other_offsets = find_top_box(boxes, four_cc("meta")) != nullptr;
    if (boxes.front().type != four_cc("ftyp") || !index.is_whole || has_other_offsets) return std::nullopt;
    for (auto const& track : movie.tracks) {
        auto const& table = track.index.chunk_offsets;
        if (table.count == 0) continue;
        if (!fits(bytes, table, index.whole.size())) return std::nullopt;
        plan.tables.push_back({table.offset, table.count, static_cast<std::uint8_t>(table.entry_bits / 8)});
    }
    plan.boxes = other_boxes(boxes);
    return plan;
}

}  // namespace clinikk::media::packaging
