#include "service/login_limiter.hpp"

#include <algorithm>

namespace clinikk {
namespace {

constexpr std::chrono::seconds price{10};
constexpr int burst = 10;
constexpr std::size_t max_accounts = 100'000;

}  // namespace

bool LoginLimiter::admit(std::string_view account, Clock::time_point at) {
    std::lock_guard const lock(mutex_);
    if (paid_until_.size() >= max_accounts) forget_old(at);
    auto& until = paid_until_[std::string(account)];
    until = std::max(until, at);
    if (until - at > price * (burst - 1)) return false;
    until += price;
    return true;
}

void LoginLimiter::succeeded(std::string_view account) {
    std::lock_guard const lock(mutex_);
    paid_until_.erase(std::string(account));
}

/// Forgets all when nobody's failures are over: too many accounts under attack at once to tell them apart.
void LoginLimiter::forget_old(Clock::time_point at) {
    auto const removed = std::erase_if(paid_until_, [at](auto const& entry) { return entry.second <= at; });
    if (removed == 0) paid_until_.clear();
}

}  // namespace clinikk
