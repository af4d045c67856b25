#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace clinikk {

/// Slows down guessing at one account's password: ten failures at once, then one each ten seconds. Knows only what
/// this process has seen. Thread-safe; bounded in memory.
class LoginLimiter {
public:
    using Clock = std::chrono::steady_clock;

    /// Whether another attempt may be made at this account now; it counts as a failure until `succeeded`.
    bool admit(std::string_view account, Clock::time_point at);

    void succeeded(std::string_view account);

private:
    void forget_old(Clock::time_point at);

    std::mutex mutex_;
    /// Until when the failures of each account last: each adds ten seconds.
    std::unordered_map<std::string, Clock::time_point> paid_until_;
};

}  // namespace clinikk
