#include "service/login_limiter.hpp"

#include <algorithm>
#include <cstring>

#include "base/uuid.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

constexpr int free_failures_of_pair = 10;
constexpr seconds first_wait{5};
constexpr seconds longest_wait{15 * 60};
constexpr seconds longest_sum_of_waits{60 * 60};
constexpr seconds memory_of_pair{60 * 60};

constexpr int free_failures_of_account = 100;
constexpr seconds price_at_account{10};

/// The wait that the failure with this number costs.
seconds cost_of(int number) {
    if (number < free_failures_of_pair) return seconds(0);
    auto const doublings = static_cast<unsigned>(std::min(number - free_failures_of_pair, 10));
    return std::min(first_wait * (1 << doublings), longest_wait);
}

seconds time_left(LoginLimiter::Time until, LoginLimiter::Time at) {
    return std::max(std::chrono::ceil<seconds>(until - at), seconds(0));
}

}  // namespace

std::size_t LoginLimiter::DigestHash::operator()(Sha256Digest const& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

template <class Value>
Value const* LoginLimiter::Recent<Value>::find(Sha256Digest const& key) const {
    auto const place = places_.find(key);
    return place == places_.end() ? nullptr : &place->second->second;
}

template <class Value>
Value& LoginLimiter::Recent<Value>::touch(Sha256Digest const& key) {
    if (auto const place = places_.find(key); place != places_.end()) {
        order_.splice(order_.begin(), order_, place->second);
        return order_.front().second;
    }
    if (places_.size() >= capacity_) {
        places_.erase(order_.back().first);
        order_.pop_back();
    }
    order_.emplace_front(key, Value{});
    places_.emplace(key, order_.begin());
    return order_.front().second;
}

template <class Value>
void LoginLimiter::Recent<Value>::erase(Sha256Digest const& key) {
    auto const place = places_.find(key);
    if (place == places_.end()) return;
    order_.erase(place->second);
    places_.erase(place);
}

LoginLimiter::LoginLimiter(std::size_t capacity)
    : salt_(new_uuid().to_string()), pairs_(capacity), accounts_(capacity), known_(capacity) {}

LoginLimiter::Standing LoginLimiter::standing(std::string_view account, std::string_view network, Time at) {
    auto const pair = digest(account, network);
    auto const whole = digest(account, {});
    std::lock_guard const lock(mutex_);
    Standing standing;
    standing.is_known = known_.find(pair) != nullptr;
    if (auto const* const own = pairs_.find(pair)) standing.wait = time_left(own->until, at);
    if (standing.is_known) return standing;
    if (auto const* const paid_until = accounts_.find(whole)) {
        auto const allowed = price_at_account * (free_failures_of_account - 1);
        standing.wait = std::max(standing.wait, time_left(*paid_until - allowed, at));
    }
    return standing;
}

void LoginLimiter::failed(std::string_view account, std::string_view network, Time at) {
    auto const pair = digest(account, network);
    auto const whole = digest(account, {});
    std::lock_guard const lock(mutex_);
    auto& own = pairs_.touch(pair);
    if (at > own.until + memory_of_pair) own.count = 0;
    ++own.count;
    own.until = std::min(std::max(own.until, at) + cost_of(own.count), at + longest_sum_of_waits);
    if (known_.find(pair) != nullptr) return;
    auto& paid_until = accounts_.touch(whole);
    paid_until = std::max(paid_until, at) + price_at_account;
}

void LoginLimiter::succeeded(std::string_view account, std::string_view network) {
    auto const pair = digest(account, network);
    std::lock_guard const lock(mutex_);
    pairs_.erase(pair);
    known_.touch(pair);
}

std::size_t LoginLimiter::size() {
    std::lock_guard const lock(mutex_);
    return pairs_.size() + accounts_.size() + known_.size();
}

/// An e-mail address contains no line feed, so the pair is unambiguous.
Sha256Digest LoginLimiter::digest(std::string_view account, std::string_view network) const {
    std::string text = salt_;
    text.append(account).append("\n").append(network);
    return Sha256::of(text);
}

}  // namespace clinikk
