#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/quota.hpp"

namespace clinikk::http {

/// A token bucket for each caller, in the memory of this process. A bucket is one number, the time at which it will be
/// full again (GCRA), so that a table of fixed size holds the buckets of the latest callers. In a full row of the table
/// the bucket that is fullest makes room: forgetting it makes the least difference. Thread-safe.
class RequestRate {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// A full bucket has the requests of so many seconds.
    static constexpr std::int64_t burst_seconds = 10;

    /// `rate`: requests a second of one caller; zero: any number. `capacity`: callers that are remembered.
    explicit RequestRate(std::uint32_t rate, std::size_t capacity = 65'536);

    bool is_limited() const noexcept { return rate_ > 0; }

    struct Taken {
        bool is_allowed = true;
        Quota quota{};
    };

    /// Takes a request out of the bucket of the caller with that name, if there is one. `rate` must not be zero.
    Taken take(std::string_view caller, Time at);

private:
    using Nanoseconds = std::int64_t;
    struct Bucket {
        std::uint64_t caller = 0;
        Nanoseconds full_at = 0;
    };
    static constexpr std::size_t ways = 4;
    using Row = std::array<Bucket, ways>;
    static constexpr std::size_t locks = 64;

    std::uint64_t number_of(std::string_view caller) const noexcept;
    static Bucket& find(Row& row, std::uint64_t caller) noexcept;

    std::int64_t rate_;
    std::string salt_;  ///< keeps outsiders from choosing names that share a bucket with somebody
    std::vector<Row> rows_;
    std::array<std::mutex, locks> mutexes_;
};

}  // namespace clinikk::http
