#include "db/postgres/postgres_collection_lock.hpp"

#include <array>

namespace clinikk::db {
namespace {

constexpr Statement begin{"collection_lock_begin", "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"};
constexpr Statement take{"collection_lock_take", "SELECT pg_try_advisory_xact_lock(716348, 1)"};
/// The name of the holder becomes the name of its connection, which `pg_stat_activity` also shows. The second setting
/// asks a server that ends idle transactions to leave this one. Both settings end with the transaction.
constexpr Statement set_holder{"collection_lock_set_holder",
                               "SELECT set_config('application_name', $1, true),"
                               " set_config('idle_in_transaction_session_timeout', '0', true)"};
constexpr Statement find_holder{
    "collection_lock_find_holder",
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 716348 AND l.objid = 1 AND l.objsubid = 2"};
constexpr Statement rollback{"collection_lock_rollback", "ROLLBACK"};

constexpr std::string_view name_prefix = "clinikk-tv collector ";

/// The open transaction. Destroying it closes the connection, which ends the transaction.
class PostgresClaim final : public CollectionClaim {
public:
    PostgresClaim(std::shared_ptr<PostgresConnection> connection, std::chrono::milliseconds deadline)
        : connection_(std::move(connection)), deadline_(deadline) {}

    Task<> run(Statement const& statement, std::span<Value const> parameters = {}) {
        OnRow const ignore = [](Row const&) {};
        co_await run(statement, parameters, ignore);
    }

    Task<> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) {
        auto const deadline = PostgresConnection::Clock::now() + deadline_;
        auto const outcome = co_await connection_->run(statement, parameters, on_row, deadline);
        outcome.value();
    }

    Task<> release() override {
        try {
            if (connection_->is_usable()) co_await run(rollback);
        } catch (Unavailable const&) {  // the connection broke, and the claim with it
        }
        connection_.reset();
    }

private:
    std::shared_ptr<PostgresConnection> connection_;
    std::chrono::milliseconds deadline_;
};

}  // namespace

Task<CollectionLock::Attempt> PostgresCollectionLock::try_claim(std::string holder) {
    auto connection = co_await take_connection();
    auto claim = std::make_unique<PostgresClaim>(std::move(connection), deadline_);
    co_await claim->run(begin);
    bool is_ours = false;
    OnRow const note_outcome = [&is_ours](Row const& row) { is_ours = row.boolean(0); };
    co_await claim->run(take, {}, note_outcome);
    Attempt attempt;
    if (is_ours) {
        auto const name = std::string(name_prefix) + holder;
        std::array<Value, 1> const parameters{std::string_view(name)};
        co_await claim->run(set_holder, parameters);
        attempt.claim = std::move(claim);
        co_return attempt;
    }
    OnRow const note_holder = [&attempt](Row const& row) { attempt.holder = row.text(0); };
    co_await claim->run(find_holder, {}, note_holder);
    if (attempt.holder.starts_with(name_prefix)) attempt.holder.erase(0, name_prefix.size());
    co_await claim->release();
    co_return attempt;
}

Task<std::shared_ptr<PostgresConnection>> PostgresCollectionLock::take_connection() {
    if (!may_use_pool_) {
        std::shared_ptr<PostgresConnection> own = co_await connector_->connect();
        co_return own;
    }
    auto lent = co_await pool_->lend(PostgresConnection::Clock::now() + deadline_);
    auto const lease = std::make_shared<PostgresPool::Lease>(std::move(lent));
    co_return std::shared_ptr<PostgresConnection>(lease, lease->operator->());
}

}  // namespace clinikk::db
