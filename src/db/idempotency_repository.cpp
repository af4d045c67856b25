#include <algorithm>

#include "db/mapping.hpp"
#include "db/repositories.hpp"

namespace clinikk::db {
namespace {

constexpr auto insert_sql =
    sql_text(insert_into<IdempotencyKey>("idempotency_keys"), " ON CONFLICT (owner_id, key_hash) DO NOTHING");
constexpr Statement insert_key{"idempotency_insert", insert_sql};

constexpr auto find_sql =
    sql_text("SELECT ", columns<IdempotencyKey>, " FROM idempotency_keys WHERE owner_id = $1 AND key_hash = $2");
constexpr Statement find_key{"idempotency_find", find_sql};

constexpr Statement count_keys{"idempotency_count", "SELECT COUNT(*) FROM idempotency_keys WHERE owner_id = $1"};

constexpr auto take_over_sql = sql_text("UPDATE idempotency_keys SET ", assigned_columns<IdempotencyKey, 1>,
                                        " WHERE owner_id = $1 AND key_hash = $2 AND claim = $10");
constexpr Statement take_over_key{"idempotency_take_over", take_over_sql};

constexpr Statement renew_key{"idempotency_renew", "UPDATE idempotency_keys SET lease_until = $2 WHERE claim = $1"};

constexpr Statement note_key_effect{"idempotency_note_effect",
                                    "UPDATE idempotency_keys SET state = 'applied', target_id = COALESCE($2, "
                                    "target_id) WHERE claim = $1 AND state <> 'answered'"};

constexpr Statement answer_key{"idempotency_answer",
                               "UPDATE idempotency_keys SET state = 'answered', sealed_answer = $2 WHERE claim = $1"};

constexpr Statement remove_key{"idempotency_remove",
                               "DELETE FROM idempotency_keys WHERE claim = $1 AND state = 'running'"};

// The rows of one removal end with the one in that place, counted from the first to expire.
constexpr Statement find_place{"idempotency_find_place",
                               "SELECT expires_at FROM idempotency_keys ORDER BY expires_at LIMIT 1 OFFSET $1"};
constexpr Statement remove_expired_keys{"idempotency_remove_expired",
                                        "DELETE FROM idempotency_keys WHERE expires_at <= $1"};

constexpr std::array statements{insert_key, find_key,        count_keys, take_over_key, renew_key,
                                answer_key, note_key_effect, remove_key, find_place,    remove_expired_keys};

class SqlIdempotencyRepository final : public IdempotencyRepository {
public:
    explicit SqlIdempotencyRepository(Session& session) : session_(session) {}

    Task<bool> insert(IdempotencyKey const& key) override {
        co_return co_await execute(session_, insert_key, to_values(key)) > 0;
    }

    Task<std::optional<IdempotencyKey>> find(Uuid owner_id, Sha256Digest const& key_hash) override {
        return find_one<IdempotencyKey>(session_, find_key, std::array{to_value(owner_id), to_value(key_hash)});
    }

    Task<std::int64_t> count(Uuid owner_id) override {
        return get_number(session_, count_keys, std::array{to_value(owner_id)});
    }

    Task<bool> take_over(IdempotencyKey const& key, Uuid former) override {
        auto const parameters = join_values(to_values(key), std::array{to_value(former)});
        co_return co_await execute(session_, take_over_key, parameters) > 0;
    }

    Task<bool> renew(Uuid claim, Timestamp until) override {
        co_return co_await execute(session_, renew_key, std::array{to_value(claim), to_value(until)}) > 0;
    }

    Task<bool> note_effect(Uuid claim, std::optional<Uuid> target_id) override {
        co_return co_await execute(session_, note_key_effect, std::array{to_value(claim), to_value(target_id)}) > 0;
    }

    Task<bool> answer(Uuid claim, std::string_view sealed_answer) override {
        co_return co_await execute(session_, answer_key, std::array{to_value(claim), to_value(sealed_answer)}) > 0;
    }

    Task<> release(Uuid claim, Timestamp at) override {
        co_await execute(session_, remove_key, std::array{to_value(claim)});
        co_await execute(session_, renew_key, std::array{to_value(claim), to_value(at)});
    }

    Task<std::uint64_t> remove_expired(Timestamp before, std::size_t limit) override {
        auto const last = std::uint64_t{limit} - 1;
        auto const place = co_await find_one<Timestamp>(session_, find_place, std::array{to_value(last)});
        auto const latest = before - std::chrono::microseconds(1);
        auto const bound = std::min(latest, place.value_or(latest));
        co_return co_await execute(session_, remove_expired_keys, std::array{to_value(bound)});
    }

private:
    Session& session_;
};

}  // namespace

std::unique_ptr<IdempotencyRepository> make_idempotency_repository(Session& session) {
    return std::make_unique<SqlIdempotencyRepository>(session);
}

std::span<Statement const> idempotency_statements() { return statements; }

}  // namespace clinikk::db
