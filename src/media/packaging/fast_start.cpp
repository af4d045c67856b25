#include "media/packaging/fast_start.hpp"

#include <algorithm>
#include <utility>

#include "media/big_endian.hpp"

namespace clinikk::media::packaging {
namespace {

std::uint64_t end_of(Run const& run) noexcept { return run.offset + run.length; }

void store_big_endian(std::uint64_t value, std::string& bytes, std::size_t at, std::size_t count) noexcept {
    for (std::size_t i = count; i-- > 0; value >>= 8) bytes[at + i] = static_cast<char>(value & 0xff);
}

}  // namespace

FastStartLayout::FastStartLayout(FastStart const& plan, std::uint64_t source_size) : tables_(plan.tables) {
    if (plan.is_in_front) {
        tables_.clear();
        place({.offset = 0, .length = source_size}, false);
        return;
    }
    std::ranges::sort(tables_, {}, &FastStart::OffsetTable::offset);
    Run const movie{.offset = plan.movie_offset, .length = plan.movie_size};
    if (plan.boxes.empty()) place(movie, true);
    for (std::size_t i = 0; i < plan.boxes.size(); ++i) {
        place(plan.boxes[i], false);
        if (i == 0) place(movie, true);
    }
    std::ranges::copy_if(placed_, std::back_inserter(by_source_),
                         [](Placed const& part) { return !part.is_rewritten; });
    std::ranges::sort(by_source_, {}, [](Placed const& part) { return part.source.offset; });
}

void FastStartLayout::place(Run source, bool is_rewritten) {
    if (source.length == 0) return;
    bool const continues = !placed_.empty() && placed_.back().is_rewritten == is_rewritten &&
                           end_of(placed_.back().source) == source.offset;
    if (continues) {
        placed_.back().source.length += source.length;
    } else {
        placed_.push_back({.source = source, .position = length_, .is_rewritten = is_rewritten});
    }
    length_ += source.length;
}

std::vector<FilePiece> FastStartLayout::pieces(ByteRange range) const {
    std::vector<FilePiece> pieces;
    auto part = std::ranges::upper_bound(placed_, range.offset, {}, &Placed::position);
    if (part != placed_.begin()) --part;
    auto const end = range.offset + range.length;
    for (; part != placed_.end() && part->position < end; ++part) {
        auto const from = std::max(range.offset, part->position);
        auto const to = std::min(end, part->position + part->source.length);
        if (from >= to) continue;
        Run const source{.offset = part->source.offset + (from - part->position), .length = to - from};
        pieces.push_back({.source = source, .is_rewritten = part->is_rewritten});
    }
    return pieces;
}

/// Calls `visit(offset, bytes)` for every entry of a table that has a byte in `part`, in order.
template <class Visit>
void FastStartLayout::for_each_entry(Run part, Visit visit) const {
    auto const table_end = [](FastStart::OffsetTable const& table) {
        return table.offset + std::uint64_t{table.count} * table.entry_bytes;
    };
    auto const first = std::ranges::upper_bound(tables_, part.offset, {}, table_end);
    for (auto table = first; table != tables_.end() && table->offset < end_of(part); ++table) {
        auto const skipped = std::max(part.offset, table->offset) - table->offset;
        auto const end = std::min(end_of(part), table_end(*table));
        for (auto at = table->offset + skipped / table->entry_bytes * table->entry_bytes; at < end;
             at += table->entry_bytes) {
            visit(at, std::size_t{table->entry_bytes});
        }
    }
}

Run FastStartLayout::to_read(Run part) const noexcept {
    auto whole = part;
    auto const cover = [&whole](std::uint64_t at, std::size_t bytes) {
        auto const end = std::max(end_of(whole), at + bytes);
        whole.offset = std::min(whole.offset, at);
        whole.length = end - whole.offset;
    };
    if (part.length == 0) return part;
    for_each_entry({.offset = part.offset, .length = 1}, cover);
    for_each_entry({.offset = end_of(part) - 1, .length = 1}, cover);
    return whole;
}

std::uint64_t FastStartLayout::moved(std::uint64_t offset) const noexcept {
    auto part = std::ranges::upper_bound(by_source_, offset, {}, [](Placed const& box) { return box.source.offset; });
    if (part == by_source_.begin()) return offset;
    --part;
    return offset > end_of(part->source) ? offset : part->position + (offset - part->source.offset);
}

std::string FastStartLayout::rewrite(Run part, std::string bytes) const {
    auto const begin = to_read(part).offset;
    for_each_entry(part, [&](std::uint64_t at, std::size_t count) {
        auto const place = at - begin;
        // Not in an index of ours: tables that overlap.
        if (at < begin || place + count > bytes.size()) return;
        auto const offset = load_big_endian(std::string_view(bytes).substr(place), count);
        store_big_endian(moved(offset), bytes, place, count);
    });
    return bytes.substr(part.offset - begin, part.length);
}

}  // namespace clinikk::media::packaging
