#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/async/task.hpp"
#include "domain/audit.hpp"
#include "domain/clock.hpp"
#include "domain/unit_of_work.hpp"

namespace clinikk {

/// Writes one event of the audit log. Call it in the transaction of the change that it tells of, so that there is
/// neither without the other. `details` is what `audit_details` returns.
///
/// If the request has an Idempotency-Key, this also notes that what it asks for is done. Throws
/// `Unavailable` when another request has taken the key over: nothing may be done then.
Task<> record(Repositories& repositories, Actor const& actor, AuditAction action, AuditTarget target, Timestamp at,
              std::string_view details = "{}");

/// Bounds how many events tell of failed attempts, which anybody can cause: a burst of 100, then one a second. What is
/// left out is counted, and the next event tells how many there were. Thread-safe.
class FailureBudget {
public:
    static constexpr std::uint64_t burst = 100;
    static constexpr std::chrono::seconds price{1};

    /// The number of failures that were left out before this one; empty when this one is left out too.
    std::optional<std::uint64_t> take(std::chrono::steady_clock::time_point at);

private:
    std::mutex mutex_;
    std::chrono::steady_clock::time_point paid_until_{};
    std::uint64_t left_out_ = 0;
};

/// Remembers, within a bound, of which sessions and contents an event was written within the last hour: what an account
/// may do as often as it likes must not fill a log that nobody may shorten. Thread-safe.
class RecentEvents {
public:
    static constexpr std::size_t max_events = 10'000;
    static constexpr std::chrono::hours window{1};

    struct What {
        Uuid session;
        Uuid content;
        auto operator<=>(What const&) const = default;
    };

    /// Returns whether an event is to be written now, and remembers it.
    bool add(What what, Timestamp at);

private:
    std::mutex mutex_;
    std::map<What, Timestamp> written_;
};

}  // namespace clinikk
