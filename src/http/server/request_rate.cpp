#include "http/server/request_rate.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include "base/random.hpp"

namespace clinikk::http {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t full_bucket = RequestRate::burst_seconds * second;

std::chrono::seconds whole_seconds(std::int64_t nanoseconds) {
    return std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(nanoseconds));
}

}  // namespace

RequestRate::RequestRate(std::uint32_t rate, std::size_t capacity)
    : rate_(rate), salt_(make_secret()), rows_(rate == 0 ? 0 : std::bit_ceil(std::max(capacity / ways, locks))) {}

RequestRate::Taken RequestRate::take(std::string_view caller, Time at) {
    auto const number = number_of(caller);
    auto const place = number & (rows_.size() - 1);
    auto const now = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    auto const price = second / rate_;
    std::lock_guard const lock(mutexes_[place % locks]);
    auto& bucket = find(rows_[place], number);
    auto const full_at = std::max(bucket.full_at, now);
    auto const missing = full_at + price - now - full_bucket;  // positive: the time until there is a whole request
    bool const is_allowed = missing <= 0;
    if (is_allowed) bucket.full_at = full_at + price;
    auto const left = is_allowed ? (full_bucket - (bucket.full_at - now)) / price : 0;
    auto const reset = is_allowed ? bucket.full_at - now : missing;
    return {is_allowed,
            {.policy = "requests",
             .size = rate_ * burst_seconds,
             .window = std::chrono::seconds(burst_seconds),
             .left = left,
             .reset = whole_seconds(reset)}};
}

std::uint64_t RequestRate::number_of(std::string_view caller) const noexcept {
    // The salt has more than the 16 bytes after which the state of the hash depends on all of it.
    std::array<char, 128> text;
    auto const size = std::min(caller.size(), text.size() - salt_.size());
    auto const end = std::copy_n(caller.begin(), size, std::ranges::copy(salt_, text.begin()).out);
    return std::hash<std::string_view>{}({text.data(), static_cast<std::size_t>(end - text.begin())});
}

RequestRate::Bucket& RequestRate::find(Row& row, std::uint64_t caller) noexcept {
    auto const known = std::ranges::find(row, caller, &Bucket::caller);
    if (known != row.end()) return *known;
    auto& fullest = *std::ranges::min_element(row, {}, &Bucket::full_at);
    fullest = {caller, 0};
    return fullest;
}

}  // namespace clinikk::http
