#include "db/postgres/postgres_database.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <optional>

#include "base/backoff.hpp"
#include "db/postgres/postgres_collection_lock.hpp"
#include "db/postgres/postgres_listener.hpp"
#include "db/postgres/postgres_pipeline.hpp"
#include "db/postgres/postgres_pool.hpp"

namespace clinikk::db {
namespace {

constexpr Statement begin{"begin", "BEGIN ISOLATION LEVEL SERIALIZABLE"};
constexpr Statement commit{"commit", "COMMIT"};
constexpr Statement rollback{"rollback", "ROLLBACK"};

constexpr Statement only_reads_now{
    "only_reads_now", "SELECT pg_is_in_recovery() OR CAST(current_setting('default_transaction_read_only') AS BOOLEAN)",
    Sharing::pipelined};

// The first pause is about as long as a short transaction. The longest lets dozens of others pass.
constexpr std::chrono::milliseconds first_pause{4};
constexpr std::chrono::milliseconds longest_pause{250};

/// How the connections of a process are divided.
struct Shares {
    std::size_t exclusive = 0;
    std::size_t pipelines = 0;
    bool listener = false;
};

Shares share_out(PostgresOptions const& options) {
    constexpr std::size_t least_exclusive = 2;
    Shares shares;
    auto left = options.max_connections - std::min(options.max_connections, least_exclusive);
    if (options.loops == 0) return {.exclusive = options.max_connections};
    shares.listener = left > 0;
    if (shares.listener) --left;
    shares.pipelines = std::min(left, options.loops);
    shares.exclusive = options.max_connections - shares.pipelines - (shares.listener ? 1 : 0);
    return shares;
}

class PostgresSession final : public Session {
public:
    PostgresSession(PostgresConnection& connection, std::chrono::milliseconds deadline)
        : connection_(connection), deadline_(deadline) {}

    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) override {
        return connection_.run(statement, parameters, on_row, PostgresConnection::Clock::now() + deadline_);
    }

    Task<> control(Statement const& statement) {
        OnRow const ignore = [](Row const&) {};
        auto const outcome = co_await run(statement, {}, ignore);
        outcome.value();
    }

private:
    PostgresConnection& connection_;
    std::chrono::milliseconds deadline_;
};

class PostgresDatabase final : public Database {
public:
    PostgresDatabase(PostgresOptions const& options, Log& log)
        : connector_(std::make_shared<PostgresConnector>(options.conninfo, log)),
          shares_(share_out(options)),
          pool_(std::make_shared<PostgresPool>(connector_, shares_.exclusive, options.max_waiting)),
          collection_lock_(connector_, pool_, shares_.exclusive > 1, options.deadline),
          deadline_(options.deadline) {
        for (std::size_t i = 0; i < shares_.pipelines; ++i) {
            pipelines_.push_back(std::make_shared<PostgresPipeline>(options.deadline, options.max_waiting));
        }
    }

    PostgresDatabase(PostgresDatabase const&) = delete;
    PostgresDatabase& operator=(PostgresDatabase const&) = delete;

    ~PostgresDatabase() override {
        pool_->close();
        connector_->join();
    }

    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) override {
        if (statement.sharing == Sharing::pipelined && !pipelines_.empty()) {
            auto const executor = co_await boost::asio::this_coro::executor;
            auto const& loop = boost::asio::query(executor, boost::asio::execution::context);
            for (auto const& pipeline : pipelines_) {
                if (pipeline->serves(loop)) co_return co_await pipeline->run(statement, parameters, on_row);
            }
        }
        auto const connection = co_await pool_->lend(PostgresConnection::Clock::now() + deadline_);
        auto const deadline = PostgresConnection::Clock::now() + deadline_;
        co_return co_await connection->run(statement, parameters, on_row, deadline);
    }

    Task<Result<void>> transaction(Steps steps) override {
        auto const give_up_at = PostgresConnection::Clock::now() + deadline_;
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
        Backoff backoff(first_pause, longest_pause);
        for (;;) {
            auto done = co_await attempt_once(steps);
            if (done) co_return *done;
            if (PostgresConnection::Clock::now() >= give_up_at) {
                throw Unavailable("the transaction conflicted with others until the deadline");
            }
            pause.expires_after(backoff.next());
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
    }

    Task<Result<void>> check_writable() override {
        bool only_reads = false;
        OnRow const on_row = [&](Row const& row) { only_reads = row.boolean(0); };
        auto const outcome = co_await run(only_reads_now, {}, on_row);
        outcome.value();
        if (only_reads) co_return Error(ErrorCode::unavailable, "it takes no writes");
        co_return Result<void>{};
    }

    CollectionLock& collection_lock() override { return collection_lock_; }

    Task<> serve_loop() override {
        auto const mine = loops_.fetch_add(1);
        if (mine < pipelines_.size()) co_await PostgresPipeline::keep_open(pipelines_[mine], connector_);
    }

    Task<> watch_events(std::function<void()> wake) override {
        if (shares_.listener) co_await listen_for_events(connector_, std::move(wake));
    }

private:
    /// Empty when the transaction met another one.
    Task<std::optional<Result<void>>> attempt_once(Steps const& steps) {
        auto const connection = co_await pool_->lend(PostgresConnection::Clock::now() + deadline_);
        PostgresSession session(*connection.operator->(), deadline_);
        co_await session.control(begin);
        std::exception_ptr failure;
        bool met_another = false;
        Result<void> outcome;
        try {
            outcome = co_await steps(session);
            if (outcome) {
                co_await session.control(commit);
                co_return std::optional<Result<void>>(outcome);
            }
        } catch (SerializationFailure const&) {
            met_another = true;
        } catch (...) {
            failure = std::current_exception();
        }
        if (connection->is_usable()) co_await session.control(rollback);
        if (failure) std::rethrow_exception(failure);
        if (met_another) co_return std::nullopt;
        co_return std::optional<Result<void>>(outcome);
    }

    std::shared_ptr<PostgresConnector> connector_;
    Shares shares_;
    std::shared_ptr<PostgresPool> pool_;
    PostgresCollectionLock collection_lock_;
    std::vector<std::shared_ptr<PostgresPipeline>> pipelines_;
    std::atomic<std::size_t> loops_{0};
    std::chrono::milliseconds deadline_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(PostgresOptions const& options, Log& log) {
    return std::make_unique<PostgresDatabase>(options, log);
}

}  // namespace clinikk::db
