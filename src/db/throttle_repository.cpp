#include <limits>

#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto find_sql =
    sql_text("SELECT ", columns<ThrottleRow>, " FROM throttles WHERE key_hash IN ($1, $2, $3, $4) AND expires_at > $5");
constexpr Statement find_throttles{"throttle_find", find_sql, Sharing::pipelined};

// $1 key, $2 now, $3 the first attempt that costs a wait, $4 that wait, $5 the first attempt that costs the longest
// one, $6 that, $7 the end of the waits of a new row, $8 the latest end with which an attempt is not refused, $9
// expiry, $10 the latest end of all, $11 the earliest end that is not forgotten, $12 the latest credible one. See
// `ThrottleRule`.
constexpr auto forgotten =
    sql_text("(throttles.wait_until < CAST($11 AS BIGINT) OR throttles.wait_until > CAST($12 AS BIGINT))");
constexpr auto number = sql_text("throttles.count + 1");
constexpr auto cost = sql_text("CASE WHEN ", number, " < CAST($3 AS BIGINT) THEN 0 WHEN ", number,
                               " >= CAST($5 AS BIGINT) THEN CAST($6 AS BIGINT) ELSE CAST($4 AS BIGINT) << CAST(",
                               number, " - CAST($3 AS BIGINT) AS INTEGER) END");
constexpr auto sum = sql_text(
    "CASE WHEN throttles.wait_until > CAST($2 AS BIGINT) THEN throttles.wait_until ELSE CAST($2 AS BIGINT) "
    "END + ",
    cost);
constexpr auto charge_sql = sql_text(
    "INSERT INTO throttles (key_hash, count, wait_until, expires_at) VALUES ($1, 1, $7, $9) "
    "ON CONFLICT (key_hash) DO UPDATE SET "
    "count = CASE WHEN ",
    forgotten, " THEN 1 ELSE ", number, " END, wait_until = CASE WHEN ", forgotten, " THEN excluded.wait_until WHEN ",
    sum, " > CAST($10 AS BIGINT) THEN CAST($10 AS BIGINT) ELSE ", sum,
    " END, expires_at = excluded.expires_at WHERE throttles.wait_until <= CAST($8 AS BIGINT) OR ", forgotten);
constexpr Statement charge_throttle{"throttle_charge", charge_sql};

constexpr Statement remember_throttle{"throttle_remember",
                                      "INSERT INTO throttles (key_hash, count, wait_until, expires_at) "
                                      "VALUES ($1, 0, 0, $2) "
                                      "ON CONFLICT (key_hash) DO UPDATE SET expires_at = excluded.expires_at"};
constexpr Statement forget_throttle{"throttle_forget", "DELETE FROM throttles WHERE key_hash = $1"};
constexpr Statement remove_expired_throttles{
    "throttle_remove_expired",
    "DELETE FROM throttles WHERE expires_at < $1 AND key_hash IN "
    "(SELECT key_hash FROM throttles WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"};

constexpr std::array statements{find_throttles, charge_throttle, remember_throttle, forget_throttle,
                                remove_expired_throttles};

class SqlThrottleRepository final : public ThrottleRepository {
public:
    explicit SqlThrottleRepository(Session& session) : session_(session) {}

    Task<std::vector<ThrottleRow>> find(std::array<Sha256Digest, 4> key_hashes, Timestamp at) override {
        std::array const parameters{to_value(key_hashes[0]), to_value(key_hashes[1]), to_value(key_hashes[2]),
                                    to_value(key_hashes[3]), to_value(at)};
        co_return co_await find_all<ThrottleRow>(session_, find_throttles, parameters);
    }

    Task<bool> charge(ThrottleCharge charge) override {
        using std::chrono::milliseconds;
        auto const& rule = charge.rule;
        auto const now = to_milliseconds(charge.at);
        auto const in_milliseconds = [](milliseconds duration) { return to_value(std::int64_t{duration.count()}); };
        auto const latest_allowed = charge.even_if_waiting ? std::numeric_limits<std::int64_t>::max()
                                                           : now + milliseconds(rule.allowance).count();
        std::array const parameters{to_value(charge.key_hash),
                                    to_value(now),
                                    to_value(rule.free),
                                    in_milliseconds(rule.first_wait),
                                    to_value(rule.free + doublings(rule)),
                                    in_milliseconds(rule.longest_wait),
                                    to_value(now + wait_of_attempt(rule, 1).count()),
                                    to_value(latest_allowed),
                                    to_value(expiry_of_attempt(charge.at)),
                                    to_value(now + milliseconds(longest_sum_of_waits).count()),
                                    to_value(now - milliseconds(memory_of_attempts).count()),
                                    to_value(now + milliseconds(longest_credible_wait).count())};
        co_return co_await execute(session_, charge_throttle, parameters) > 0;
    }

    Task<> remember(Sha256Digest key_hash, Timestamp expires_at) override {
        co_await execute(session_, remember_throttle, std::array{to_value(key_hash), to_value(expires_at)});
    }

    Task<> forget(Sha256Digest key_hash) override {
        co_await execute(session_, forget_throttle, std::array{to_value(key_hash)});
    }

    Task<std::uint64_t> remove_expired(Timestamp before, std::size_t limit) override {
        return execute(session_, remove_expired_throttles,
                       std::array{to_value(before), to_value(std::uint64_t{limit})});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<ThrottleRepository> make_throttle_repository(Session& session) {
    return std::make_unique<SqlThrottleRepository>(session);
}

std::span<Statement const> throttle_statements() { return statements; }

}  // namespace clinikk::db
