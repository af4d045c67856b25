#include "db/sqlite/sqlite_writer.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "db/sqlite/disk_reserve.hpp"
#include "db/sqlite/sqlite_connection.hpp"

namespace clinikk::db {

namespace asio = boost::asio;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_group = 64;
constexpr auto checkpoint_frames = SqliteConnection::checkpoint_frames;
constexpr std::uint32_t checkpoint_again_after = 100;  // frames, when readers were in the way
constexpr auto idle_reads_end_every = 250ms;

constexpr Statement begin_group{"sqlite_begin", "BEGIN IMMEDIATE"};
constexpr Statement commit_group{"sqlite_commit", "COMMIT"};
constexpr Statement rollback_group{"sqlite_rollback", "ROLLBACK"};
constexpr Statement begin_job{"sqlite_savepoint", "SAVEPOINT job"};
constexpr Statement keep_job{"sqlite_release", "RELEASE job"};
constexpr Statement undo_job{"sqlite_rollback_to", "ROLLBACK TO job"};
// Writes a page to the WAL, although nothing in it changes.
constexpr Statement rewrite_a_row{"sqlite_rewrite", "UPDATE schema_version SET name = name WHERE version = 1"};

/// The connection of the writer inside its transaction.
class TransactionSession final : public Session {
public:
    explicit TransactionSession(SqliteConnection& connection) : connection_(connection) {}

    Task<Outcome> run(Statement const& statement, std::span<Value const> parameters, OnRow const& on_row) override {
        // SQLite ends the transaction itself after some failures; later statements must not be committed on their own.
        if (!connection_.in_transaction()) throw std::logic_error("the transaction has failed already");
        co_return connection_.execute(connection_.prepare(statement), parameters, on_row);
    }

private:
    SqliteConnection& connection_;
};

/// A job. It lives in the coroutine that waits for it.
struct Job {
    Database::Steps const& steps;
    bool may_use_reserve = false;
    SqliteConnection::Clock::time_point since = SqliteConnection::Clock::now();
    Result<void> outcome{};
    std::exception_ptr failure{};
    std::function<void()> resume{};

    bool failed() const { return failure || outcome.has_error(); }
};

}  // namespace

struct SqliteWriter::Impl {
    Impl(SqliteOptions const& options_in, Log& log_in, SqliteReaders& readers_in)
        : options(options_in),
          log(log_in),
          readers(readers_in),
          reserve(options.path, options.reserve),
          connection(open()) {
        reserve.refill();
        end_idle_reads_later();
        thread = std::thread([this] { io.run(); });
        pthread_setname_np(thread.native_handle(), "sqlite-writer");
    }

    ~Impl() {
        asio::post(io, [this] {
            is_ending = true;
            timer.cancel();
        });
        work.reset();
        thread.join();
        readers.end_idle_reads();
        connection->checkpoint();
    }

    std::unique_ptr<SqliteConnection> open() const {
        return std::make_unique<SqliteConnection>(options.path, SqliteConnection::Use::write, options.busy_timeout);
    }

    void add(Job& job);
    std::vector<Job*> take_group();
    Task<> work_off();
    Task<> run_group(std::vector<Job*> const& group);
    Task<> run_alone(Job& job);
    Task<> run_together(std::vector<Job*> const& group);
    Task<> run_steps(Job& job);
    void begin(Job const& oldest);
    void roll_back() noexcept;
    void checkpoint_if_due() noexcept;
    void end_idle_reads_later();

    SqliteOptions options;
    Log& log;
    SqliteReaders& readers;
    DiskReserve reserve;
    std::unique_ptr<SqliteConnection> connection;
    std::atomic<bool> has_failed = false;  ///< at the last commit
    std::uint32_t next_checkpoint = checkpoint_frames;
    std::mutex mutex;
    std::deque<Job*> waiting;  ///< guarded by the mutex, as is the next member
    bool is_working = false;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    asio::steady_timer timer{io};
    bool is_ending = false;
    std::thread thread;
};

void SqliteWriter::Impl::add(Job& job) {
    {
        std::lock_guard const lock(mutex);
        waiting.push_back(&job);
        if (std::exchange(is_working, true)) return;
    }
    asio::co_spawn(io, work_off(), [](std::exception_ptr defect) {
        if (defect) std::rethrow_exception(defect);
    });
}

std::vector<Job*> SqliteWriter::Impl::take_group() {
    std::lock_guard const lock(mutex);
    auto const count = std::min(waiting.size(), max_group);
    std::vector<Job*> group(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
    is_working = !group.empty();
    return group;
}

Task<> SqliteWriter::Impl::work_off() {
    for (;;) {
        auto const group = take_group();
        if (group.empty()) co_return;
        co_await run_group(group);
        for (Job* job : group) {
            auto const resume = std::move(job->resume);  // the job ends with its coroutine, maybe before this line does
            resume();
        }
        checkpoint_if_due();
    }
}

/// Gives each job its outcome or failure, and leaves the connection without a transaction.
Task<> SqliteWriter::Impl::run_group(std::vector<Job*> const& group) {
    std::exception_ptr failure;
    if (std::ranges::any_of(group, &Job::may_use_reserve)) reserve.make_room();
    try {
        begin(*group.front());
        if (group.size() == 1) {
            co_await run_alone(*group.front());
        } else {
            co_await run_together(group);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    has_failed = failure != nullptr;
    if (!failure) co_return;
    // An outcome may depend on another job of the group, so none of them is valid.
    for (Job* job : group) job->failure = failure;
    roll_back();
}

void SqliteWriter::Impl::begin(Job const& oldest) {
    if (connection->is_broken()) {
        log.warning("sqlite.write_connection_reopened");
        connection = open();
    }
    // A commit into a WAL that has been moved into the file completely begins it again, if nobody reads it.
    if (connection->wal_frames() >= checkpoint_frames) readers.end_idle_reads();
    // The wait counts from when the oldest job was requested: waiting for the previous group must not double it.
    connection->set_busy_deadline(oldest.since + options.busy_timeout);
    connection->execute(begin_group);
}

void SqliteWriter::Impl::roll_back() noexcept {
    try {
        if (connection->in_transaction()) connection->execute(rollback_group);
    } catch (std::exception const& error) {
        log.error("sqlite.rollback_failed", {{"error", error.what()}});
    }
}

void SqliteWriter::Impl::checkpoint_if_due() noexcept {
    auto const frames = connection->wal_frames();
    if (frames < checkpoint_frames) next_checkpoint = checkpoint_frames;  // the WAL has begun again
    if (frames < next_checkpoint) return;
    readers.end_idle_reads();
    connection->checkpoint();
    next_checkpoint = frames + checkpoint_again_after;
}

// Keeps an idle reader from delaying the checkpoints of other processes for long.
void SqliteWriter::Impl::end_idle_reads_later() {
    timer.expires_after(idle_reads_end_every);
    timer.async_wait([this](boost::system::error_code cancelled) {
        if (cancelled || is_ending) return;
        readers.end_idle_reads();
        reserve.refill();
        end_idle_reads_later();
    });
}

Task<> SqliteWriter::Impl::run_alone(Job& job) {
    co_await run_steps(job);
    if (job.failed()) {
        roll_back();
    } else {
        connection->execute(commit_group);
    }
}

Task<> SqliteWriter::Impl::run_together(std::vector<Job*> const& group) {
    for (Job* job : group) {
        connection->execute(begin_job);
        co_await run_steps(*job);
        if (!connection->in_transaction()) {
            if (job->failure) std::rethrow_exception(job->failure);
            throw std::runtime_error("SQLite ended the transaction");
        }
        if (job->failed()) connection->execute(undo_job);
        connection->execute(keep_job);
    }
    connection->execute(commit_group);
}

Task<> SqliteWriter::Impl::run_steps(Job& job) {
    try {
        TransactionSession session(*connection);
        job.outcome = co_await job.steps(session);
    } catch (...) {
        job.failure = std::current_exception();
    }
}

SqliteWriter::SqliteWriter(SqliteOptions const& options, Log& log, SqliteReaders& readers)
    : impl_(std::make_unique<Impl>(options, log, readers)) {}

SqliteWriter::~SqliteWriter() = default;

Task<Result<void>> SqliteWriter::check() {
    if (impl_->reserve.is_disk_full()) co_return Error(ErrorCode::insufficient_storage, "its disk is full");
    if (!impl_->has_failed) co_return Result<void>{};
    Database::Steps const rewrite = [](Session& session) -> Task<Result<void>> {
        OnRow const ignore = [](Row const&) {};
        auto const outcome = co_await session.run(rewrite_a_row, {}, ignore);
        outcome.value();
        co_return Result<void>{};
    };
    try {
        co_return co_await run(rewrite);
    } catch (std::exception const& failure) {
        impl_->log.error("sqlite.write_failed", {{"error", failure.what()}});
    }
    co_return Error(ErrorCode::unavailable, "it cannot be written to");
}

Task<Result<void>> SqliteWriter::run(Database::Steps const& steps, bool may_use_reserve) {
    if (impl_->io.get_executor().running_in_this_thread()) {
        throw std::logic_error("a transaction's steps must write through the session they are given");
    }
    Job job{steps, may_use_reserve};
    auto initiate = [this, &job](auto handler) {
        auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        auto const shared = std::make_shared<decltype(handler)>(std::move(handler));
        job.resume = [&job, executor, shared] {
            asio::post(executor, [shared, failure = std::move(job.failure)] { std::move (*shared)(failure); });
        };
        impl_->add(job);
    };
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void(std::exception_ptr)>(initiate,
                                                                                           asio::use_awaitable);
    co_return std::move(job.outcome);
}

}  // namespace clinikk::db
