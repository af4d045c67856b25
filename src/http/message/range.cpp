#include "http/message/range.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

/// 1*DIGIT; a number that does not fit is the largest one: it is past any end.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    return parse_digits(text).value_or(most);
}

/// The bytes a range-spec names, none when it is not satisfiable; empty when it is malformed.
std::optional<ByteRange> resolve(std::string_view spec, std::uint64_t size) noexcept {
    auto const dash = spec.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    auto const before = spec.substr(0, dash);
    auto const after = spec.substr(dash + 1);
    if (before.empty()) {
        auto const suffix = parse_position(after);
        if (!suffix) return std::nullopt;
        auto const length = std::min(*suffix, size);
        return ByteRange{size - length, length};
    }
    auto const first = parse_position(before);
    auto const last = after.empty() ? std::optional(most) : parse_position(after);
    if (!first || !last || *last < *first) return std::nullopt;
    if (*first >= size) return ByteRange{};
    return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

bool is_nonempty_suffix(std::string_view spec) noexcept {
    return spec.starts_with('-') && spec.find_first_not_of('0', 1) != std::string_view::npos;
}

/// Sorts the ranges and joins those that overlap or touch.
void put_in_order(RangeOutcome& outcome) {
    auto const used = std::span(outcome.list).first(outcome.count);
    std::ranges::sort(used, {}, &ByteRange::offset);
    std::size_t last = 0;
    for (auto const& range : used.subspan(1)) {
        auto& previous = outcome.list[last];
        auto const previous_end = previous.offset + previous.length;
        if (range.offset > previous_end) {
            outcome.list[++last] = range;
        } else {
            previous.length = std::max(previous_end, range.offset + range.length) - previous.offset;
        }
    }
    outcome.count = last + 1;
}

}  // namespace

RangeOutcome parse_range(std::string_view value, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    constexpr RangeOutcome whole{};
    if (!same_ignoring_case(value.substr(0, unit.size()), unit)) return whole;
    value.remove_prefix(unit.size());

    RangeOutcome outcome;
    std::size_t specs = 0;
    while (!value.empty()) {
        auto const spec = take_list_element(value);
        if (spec.empty()) continue;
        if (++specs > RangeOutcome::max_ranges) return whole;
        auto const range = resolve(spec, size);
        if (!range || (size == 0 && is_nonempty_suffix(spec))) return whole;
        if (range->length > 0) outcome.list[outcome.count++] = *range;
    }
    if (specs == 0) return whole;
    if (outcome.count == 0) {
        outcome.kind = RangeOutcome::Kind::unsatisfiable;
        return outcome;
    }
    outcome.kind = RangeOutcome::Kind::satisfiable;
    if (outcome.count > 1) put_in_order(outcome);
    return outcome;
}

std::string format_content_range(ByteRange range, std::uint64_t size) {
    return "bytes " + std::to_string(range.offset) + "-" + std::to_string(range.offset + range.length - 1) + "/" +
           std::to_string(size);
}

std::string format_unsatisfied(std::uint64_t size) { return "bytes */" + std::to_string(size); }

}  // namespace clinikk::http
