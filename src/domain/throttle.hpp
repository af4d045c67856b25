#pragma once

#include <boost/describe/class.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/async/task.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"

namespace clinikk {

/// The waits that the attempts of one subject cost. They add up while they have not passed.
struct ThrottleRule {
    std::int64_t free = 1;                ///< the attempt with this number is the first that costs a wait,
    std::chrono::seconds first_wait{};    ///< of this length; each further one costs twice as much,
    std::chrono::seconds longest_wait{};  ///< up to this
    std::chrono::seconds allowance{};     ///< this sum of waits may be open without an attempt being refused

    /// Ten free attempts, say, and a wait that grows from five seconds to a quarter of an hour.
    static constexpr ThrottleRule growing(std::int64_t free) {
        return {free, std::chrono::seconds(5), std::chrono::minutes(15), {}};
    }
    /// So many attempts at once, and then one each `price`.
    static constexpr ThrottleRule steady(std::int64_t at_once, std::chrono::seconds price) {
        return {1, price, price, price * (at_once - 1)};
    }
};

/// The longest sum of waits that a subject can run up, and how long its attempts are remembered after that.
inline constexpr std::chrono::hours longest_sum_of_waits{1};
inline constexpr std::chrono::hours memory_of_attempts{1};
/// A wait that is longer was written by a clock that has been set back since then, and counts as none.
inline constexpr std::chrono::hours longest_credible_wait{2};

/// What is remembered about a subject: an account on a network, say. A row without attempts says that the account has
/// logged in there.
struct ThrottleRow {
    Sha256Digest key_hash{};      ///< of the subject and what it attempts
    std::int64_t count = 0;       ///< of attempts
    std::int64_t wait_until = 0;  ///< the end of the waits, in milliseconds since 1970: the statements add to it
    Timestamp expires_at{};
};
BOOST_DESCRIBE_STRUCT(ThrottleRow, (), (key_hash, count, wait_until, expires_at))

/// One attempt of a subject.
struct ThrottleCharge {
    Sha256Digest key_hash{};
    ThrottleRule rule{};
    Timestamp at{};
    bool even_if_waiting = false;  ///< count it although the subject should have waited
};

constexpr std::int64_t to_milliseconds(Timestamp time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// How often the wait doubles before it is the longest one.
constexpr std::int64_t doublings(ThrottleRule const& rule) {
    std::int64_t count = 0;
    for (auto wait = rule.first_wait; wait < rule.longest_wait; wait *= 2) ++count;
    return count;
}

/// The wait that the attempt with this number costs.
constexpr std::chrono::milliseconds wait_of_attempt(ThrottleRule const& rule, std::int64_t number) {
    auto const past = number - rule.free;
    if (past < 0) return {};
    return past >= doublings(rule) ? rule.longest_wait : rule.first_wait * (std::int64_t{1} << past);
}

constexpr bool is_forgotten(ThrottleRow const& row, Timestamp at) {
    return row.wait_until < to_milliseconds(at - memory_of_attempts) ||
           row.wait_until > to_milliseconds(at + longest_credible_wait);
}

/// The time that a subject still has to wait; zero: none.
constexpr std::chrono::milliseconds wait_left(ThrottleRow const& row, ThrottleRule const& rule, Timestamp at) {
    if (is_forgotten(row, at)) return {};
    auto const open = std::chrono::milliseconds(row.wait_until - to_milliseconds(at));
    return std::max(open - std::chrono::milliseconds(rule.allowance), std::chrono::milliseconds(0));
}

/// The number of attempts that a rule lets through at once.
constexpr std::int64_t attempts_at_once(ThrottleRule const& rule) {
    return rule.allowance.count() == 0 ? rule.free : rule.allowance / rule.first_wait + 1;
}

/// The number of attempts that would be let through now.
constexpr std::int64_t attempts_left(ThrottleRow const& row, ThrottleRule const& rule, Timestamp at) {
    if (is_forgotten(row, at)) return attempts_at_once(rule);
    if (rule.allowance.count() == 0) return std::max<std::int64_t>(rule.free - row.count, 0);
    auto const open = std::chrono::milliseconds(row.wait_until - to_milliseconds(at));
    if (open > rule.allowance) return 0;
    auto const left =
        (std::chrono::milliseconds(rule.allowance) - open) / std::chrono::milliseconds(rule.first_wait) + 1;
    return std::min<std::int64_t>(left, attempts_at_once(rule));
}

/// The row after one more attempt.
constexpr ThrottleRow after_attempt(ThrottleRow row, ThrottleRule const& rule, Timestamp at) {
    auto const now = to_milliseconds(at);
    if (is_forgotten(row, at)) row = {row.key_hash, 0, 0, row.expires_at};
    ++row.count;
    auto const sum = std::max(row.wait_until, now) + std::int64_t{wait_of_attempt(rule, row.count).count()};
    row.wait_until = std::min(sum, to_milliseconds(at + longest_sum_of_waits));
    return row;
}

/// When the row of an attempt may go. It is a whole quarter of an hour, so that attempts that follow each other seldom
/// change it: PostgreSQL then need not touch the index on it.
constexpr Timestamp expiry_of_attempt(Timestamp at) {
    using Quarters = std::chrono::duration<std::int64_t, std::ratio<15 * 60>>;
    return std::chrono::ceil<Quarters>(at + longest_sum_of_waits + memory_of_attempts);
}

/// The attempts of subjects, shared by all processes. No method needs a transaction: each is one statement, so that
/// attempts of one subject at the same time wait for each other for that statement only.
class ThrottleRepository {
public:
    virtual ~ThrottleRepository() = default;

    /// The rows of these subjects that have not expired.
    virtual Task<std::vector<ThrottleRow>> find(std::array<Sha256Digest, 4> key_hashes, Timestamp at) = 0;
    /// Counts an attempt. Returns false, and counts nothing, if the subject must wait.
    virtual Task<bool> charge(ThrottleCharge charge) = 0;
    /// Makes a row without attempts, or prolongs it.
    virtual Task<> remember(Sha256Digest key_hash, Timestamp expires_at) = 0;
    virtual Task<> forget(Sha256Digest key_hash) = 0;
    /// Removes at most `limit` rows that expired before `before`, and returns how many.
    virtual Task<std::uint64_t> remove_expired(Timestamp before, std::size_t limit) = 0;
};

}  // namespace clinikk
