#include "service/throttle.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace clinikk {
namespace {

using std::chrono::seconds;

/// The rules of one kind of attempt.
struct Policy {
    std::string_view name;
    ThrottleRule pair{};     ///< for an account on a network
    ThrottleRule account{};  ///< for an account on all networks that it does not know
    ThrottleRule network{};  ///< for a network and all accounts that do not know it
};

constexpr std::array policies{
    // A network may be that of a company or a school: it has room for the mistakes of many people.
    Policy{.name = "login",
           .pair = ThrottleRule::growing(10),
           .account = ThrottleRule::steady(100, seconds(10)),
           .network = ThrottleRule::steady(1000, seconds(3))},
    Policy{.name = "registration",
           .pair = ThrottleRule::growing(10),
           .account = ThrottleRule::steady(100, seconds(10)),
           .network = ThrottleRule::growing(50)},
    Policy{.name = "mail",
           .pair = ThrottleRule::growing(10),
           .account = ThrottleRule::steady(100, seconds(10)),
           .network = ThrottleRule::steady(100, seconds(30))},
    Policy{.name = "sign-in", .network = ThrottleRule::steady(200, seconds(3))},
    Policy{.name = "token", .network = ThrottleRule::steady(100, seconds(5))},
};

/// How long it is remembered that an account has logged in from a network, and how old that may become before a login
/// renews it.
constexpr std::chrono::days memory_of_networks{90};
constexpr std::chrono::days renewed_after{1};

enum Key : std::uint8_t { pair, account, network, known };

Policy const& policy_of(Attempt attempt) { return policies[static_cast<std::size_t>(attempt)]; }

/// What the client is told of: the rule for its account, or that for its network where there is no account.
ThrottleRule const& told_rule(Throttle::Standing const& standing) {
    auto const& policy = policy_of(standing.attempt);
    return standing.has_account ? policy.pair : policy.network;
}

/// Neither part contains a line feed, so the text is unambiguous.
Sha256Digest key_of(std::string_view what, std::string_view first, std::string_view second) {
    std::string text(what);
    text.append("\n").append(first).append("\n").append(second);
    return Sha256::of(text);
}

std::array<Sha256Digest, 4> keys_of(std::string_view policy, std::string_view account, std::string_view network) {
    return {key_of(policy, account, network), key_of(policy, account, {}), key_of(policy, {}, network),
            key_of("known", account, network)};
}

/// The rules that hold for an attempt, with the places of their keys.
template <class Visit>
void for_each_rule(Throttle::Standing const& standing, Visit visit) {
    auto const& policy = policy_of(standing.attempt);
    if (standing.has_account) visit(Key::pair, policy.pair);
    if (standing.is_known) return;
    if (standing.has_account) visit(Key::account, policy.account);
    visit(Key::network, policy.network);
}

seconds whole_seconds(std::chrono::milliseconds time) { return std::chrono::ceil<seconds>(time); }

/// The time after which a rule lets all attempts through again.
seconds window_of(ThrottleRule const& rule) {
    return rule.allowance == seconds(0) ? memory_of_attempts : rule.first_wait * attempts_at_once(rule);
}

}  // namespace

Task<Throttle::Standing> Throttle::look(Attempt attempt, std::string_view account, std::string_view network) {
    Standing standing{.attempt = attempt, .has_account = !account.empty()};
    if (!enabled_) co_return standing;
    auto const at = clock_.now();
    standing.keys = keys_of(policy_of(attempt).name, account, network);
    auto const rows = co_await work_.repositories().throttles().find(standing.keys, at);
    auto const row_of = [&](Key key) -> ThrottleRow const* {
        auto const place = std::ranges::find(rows, standing.keys[key], &ThrottleRow::key_hash);
        return place == rows.end() ? nullptr : &*place;
    };
    if (auto const* const row = row_of(Key::known)) {
        standing.is_known = standing.has_account;
        standing.known_until = row->expires_at;
    }
    auto const* const told = row_of(standing.has_account ? Key::pair : Key::network);
    if (told != nullptr) standing.told = *told;
    for_each_rule(standing, [&](Key key, ThrottleRule const& rule) {
        auto const* const row = row_of(key);
        if (row != nullptr) standing.wait = std::max(standing.wait, wait_left(*row, rule, at));
    });
    co_return standing;
}

Result<void> Throttle::may(Standing const& standing) const {
    auto const wait = whole_seconds(standing.wait);
    if (wait == seconds(0)) return {};
    return explain(Error::passing(ErrorCode::rate_limited, wait), standing);
}

Task<bool> Throttle::charge(Standing& standing, bool even_if_waiting) {
    auto const at = clock_.now();
    std::vector<ThrottleCharge> charges;
    for_each_rule(standing, [&](Key key, ThrottleRule const& rule) {
        charges.push_back({standing.keys[key], rule, at, even_if_waiting});
    });
    // The row that most others share comes last, so that what is refused before does not touch it.
    for (auto const& each : charges) {
        bool const counted = co_await work_.repositories().throttles().charge(each);
        if (!counted) co_return false;
    }
    auto const& rule = told_rule(standing);
    standing.told = after_attempt(standing.told, rule, at);
    standing.wait = std::max(standing.wait, wait_left(standing.told, rule, at));
    co_return true;
}

Task<Result<void>> Throttle::take(Standing& standing) {
    if (!enabled_) co_return Result<void>{};
    auto const allowed = may(standing);
    if (!allowed) co_return allowed.error();
    bool const taken = co_await charge(standing, false);
    if (taken) co_return Result<void>{};
    // Another attempt came first, and has made this one wait.
    standing.wait = std::max<std::chrono::milliseconds>(standing.wait, told_rule(standing).first_wait);
    co_return may(standing).error();
}

Task<> Throttle::failed(Standing& standing) {
    if (enabled_) co_await charge(standing, true);
}

Task<> Throttle::succeeded(Standing standing) {
    if (!enabled_) co_return;
    auto& throttles = work_.repositories().throttles();
    auto const at = clock_.now();
    if (standing.told.count > 0) co_await throttles.forget(standing.keys[Key::pair]);
    bool const is_fresh = standing.is_known && standing.known_until - at > memory_of_networks - renewed_after;
    if (!is_fresh) co_await throttles.remember(standing.keys[Key::known], at + memory_of_networks);
}

Error Throttle::explain(Error error, Standing const& standing) const {
    if (!enabled_) return error;
    auto const& rule = told_rule(standing);
    bool const must_wait = standing.wait.count() > 0;
    error.quota = Quota{.policy = policy_of(standing.attempt).name,
                        .size = attempts_at_once(rule),
                        .window = window_of(rule),
                        .left = must_wait ? 0 : attempts_left(standing.told, rule, clock_.now()),
                        .reset = must_wait ? whole_seconds(standing.wait) : window_of(rule)};
    return error;
}

Task<Error> Throttle::refuse_token(ErrorCode wrong, std::string_view network) {
    auto standing = co_await look(Attempt::token, {}, network);
    auto const taken = co_await take(standing);
    if (!taken) co_return taken.error();
    co_return explain(Error(wrong), standing);
}

}  // namespace clinikk
