#include "db/postgres/postgres_pipeline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <unordered_set>

#include "db/postgres/postgres_row.hpp"
#include "db/postgres/postgres_socket.hpp"

namespace clinikk::db {

namespace asio = boost::asio;

namespace {

using Clock = PostgresPipeline::Clock;

/// A caller that sleeps. It owns the coroutine of the caller: what the frame of this function holds lives as long as
/// that does.
class Sleeper {
public:
    virtual ~Sleeper() = default;
    /// Wakes the caller on its own executor, and not from here.
    virtual void wake() = 0;
};

template <class Handler>
class SleepingHandler final : public Sleeper {
public:
    explicit SleepingHandler(Handler handler) : handler_(std::move(handler)) {}
    void wake() override {
        auto const slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) asio::cancellation_slot(slot).clear();
        auto const executor = asio::get_associated_executor(handler_);
        asio::post(executor, std::move(handler_));
    }

private:
    Handler handler_;
};

}  // namespace

/// What goes through one connection, from its beginning to its end.
class PostgresPipeline::Stream : public std::enable_shared_from_this<Stream> {
public:
    /// A statement that was sent. The place of its caller for the answer exists while the caller sleeps.
    struct Sent {
        PostgresResult* answer;
        std::unique_ptr<Sleeper> sleeper;
        Clock::time_point deadline;
        std::string_view preparing;
        PostgresResult result{};
    };

    Stream(PGconn* handle, asio::any_io_executor const& executor, std::chrono::milliseconds deadline)
        : handle_(handle), socket_(executor, PQsocket(handle)), deadline_(deadline) {}

    std::size_t waiting() const noexcept { return sent_.size(); }

    /// Sends the statement and returns its place in the queue.
    Sent& send(Statement const& statement, PostgresParameters const& parameters, PostgresResult& answer,
               std::unique_ptr<Sleeper> sleeper);

    /// The caller does not want the answer any more.
    static void abandon(Sent& sent) { finish(sent); }

    /// Delivers answers until the connection ends, then wakes all callers without an answer.
    Task<> serve();

private:
    static void finish(Sent& sent) {
        if (!sent.sleeper) return;
        *sent.answer = std::move(sent.result);
        auto const sleeper = std::move(sent.sleeper);
        sleeper->wake();
    }

    bool write(Statement const& statement, PostgresParameters const& parameters, bool prepare);
    void flush();
    bool take_results();
    void keep(PostgresResult result);
    void watch();
    void look_at_deadlines();
    void break_off() {
        broken_ = true;
        boost::system::error_code ignored;
        socket_.descriptor.cancel(ignored);
    }

    PGconn* handle_;
    PostgresSocket socket_;
    std::chrono::milliseconds deadline_;
    std::deque<Sent> sent_;
    std::unordered_set<std::string_view> prepared_;
    Clock::time_point heard_ = Clock::now();
    bool broken_ = false;
    bool watching_ = false;
    bool flushing_ = false;
};

PostgresPipeline::Stream::Sent& PostgresPipeline::Stream::send(Statement const& statement,
                                                               PostgresParameters const& parameters,
                                                               PostgresResult& answer,
                                                               std::unique_ptr<Sleeper> sleeper) {
    bool const prepare = prepared_.insert(statement.name).second;
    auto& sent = sent_.emplace_back(
        Sent{&answer, std::move(sleeper), Clock::now() + deadline_, prepare ? statement.name : std::string_view{}});
    if (!broken_ && !write(statement, parameters, prepare)) break_off();
    watch();
    return sent;
}

bool PostgresPipeline::Stream::write(Statement const& statement, PostgresParameters const& parameters, bool prepare) {
    std::string const name(statement.name);
    if (prepare && PQsendPrepare(handle_, name.c_str(), std::string(statement.sql).c_str(), 0, nullptr) != 1) {
        return false;
    }
    constexpr int binary = 1;
    if (PQsendQueryPrepared(handle_, name.c_str(), parameters.count(), parameters.pointers(), parameters.lengths(),
                            parameters.formats(), binary) != 1) {
        return false;
    }
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    // Everything that is sent in this turn of the loop goes out together.
    if (PQsendPipelineSync(handle_) != 1) return false;
    if (!flushing_) {
        flushing_ = true;
        asio::post(socket_.descriptor.get_executor(), [weak = weak_from_this()] {
            auto const self = weak.lock();
            if (!self) return;
            self->flushing_ = false;
            self->flush();
        });
    }
#else
    // Before libpq 17, writing a Sync also sends it.
    if (PQpipelineSync(handle_) != 1) return false;
    if (!flushing_) flush();
#endif
    return true;
}

/// Sends what libpq has buffered, and comes back when the socket did not take all of it.
void PostgresPipeline::Stream::flush() {
    int const left = PQflush(handle_);
    if (left < 0) return break_off();
    if (left == 0) return;
    flushing_ = true;
    socket_.descriptor.async_wait(PostgresSocket::Descriptor::wait_write,
                                  [weak = weak_from_this()](boost::system::error_code failure) {
                                      auto const self = weak.lock();
                                      if (!self || failure) return;
                                      self->flushing_ = false;
                                      self->flush();
                                  });
}

/// One timer for all callers: it watches the oldest.
void PostgresPipeline::Stream::watch() {
    if (watching_ || sent_.empty()) return;
    watching_ = true;
    socket_.timer.expires_at(std::max(sent_.front().deadline, Clock::now() + std::chrono::milliseconds(100)));
    socket_.timer.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        auto const self = weak.lock();
        if (!self || cancelled) return;
        self->watching_ = false;
        self->look_at_deadlines();
        self->watch();
    });
}

void PostgresPipeline::Stream::look_at_deadlines() {
    auto const now = Clock::now();
    for (auto& sent : sent_) {
        if (sent.deadline > now) break;
        finish(sent);
    }
    if (!sent_.empty() && sent_.front().deadline <= now && now - heard_ >= deadline_) break_off();
}

/// The first failure counts. Without one, the result is that of the statement and not of its preparation.
void PostgresPipeline::Stream::keep(PostgresResult result) {
    auto& sent = sent_.front();
    bool const failed = PQresultStatus(result.get()) == PGRES_FATAL_ERROR;
    if (!sent.preparing.empty()) {
        if (failed) prepared_.erase(sent.preparing);
        sent.preparing = {};
        if (!failed) return;
    }
    if (!sent.result) sent.result = std::move(result);
}

/// Returns false when the connection has ended.
bool PostgresPipeline::Stream::take_results() {
    bool const read = PQconsumeInput(handle_) == 1;
    heard_ = Clock::now();
    bool nothing_before = false;
    while (!sent_.empty() && PQisBusy(handle_) == 0) {
        PostgresResult next(PQgetResult(handle_));
        if (!next) {
            if (nothing_before) return false;
            nothing_before = true;  // the end of the results of one statement
            continue;
        }
        nothing_before = false;
        if (PQresultStatus(next.get()) == PGRES_PIPELINE_SYNC) {
            finish(sent_.front());
            sent_.pop_front();
        } else {
            keep(std::move(next));
        }
    }
    return read && PQstatus(handle_) == CONNECTION_OK;
}

Task<> PostgresPipeline::Stream::serve() {
    while (!broken_) {
        auto const [failure] = co_await socket_.descriptor.async_wait(PostgresSocket::Descriptor::wait_read,
                                                                      asio::as_tuple(asio::use_awaitable));
        if (failure || !take_results()) break;
    }
    broken_ = true;
    socket_.timer.cancel();
    for (auto& sent : sent_) {
        sent.result.reset();
        finish(sent);
    }
}

Task<Outcome> PostgresPipeline::run(Statement const& statement, std::span<Value const> parameters,
                                    OnRow const& on_row) {
    if (stream_->waiting() >= max_waiting_) throw Unavailable("too many requests wait for PostgreSQL");
    PostgresParameters const encoded(parameters);
    PostgresResult answer;
    auto initiate = [&](auto handler) {
        auto const slot = asio::get_associated_cancellation_slot(handler);
        auto sleeper = std::make_unique<SleepingHandler<decltype(handler)>>(std::move(handler));
        auto& sent = stream_->send(statement, encoded, answer, std::move(sleeper));
        if (slot.is_connected()) {
            asio::cancellation_slot(slot).assign([&sent](asio::cancellation_type) { Stream::abandon(sent); });
        }
    };
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void()>(initiate, asio::use_awaitable);
    if (!answer) throw Unavailable("PostgreSQL, " + std::string(statement.name) + ": no answer");
    co_return read_outcome(answer.get(), statement.name, on_row);
}

/// Runs until the connection ends.
Task<> PostgresPipeline::serve(PostgresConnection& connection) {
    auto const executor = co_await asio::this_coro::executor;
    if (PQenterPipelineMode(connection.handle()) != 1) co_return;
    auto const stream = std::make_shared<Stream>(connection.handle(), executor, deadline_);
    stream_ = stream.get();
    loop_.store(&asio::query(executor, asio::execution::context), std::memory_order_release);
    // A woken caller may come back here, so everything is closed before any caller is woken.
    co_await stream->serve();
    loop_.store(nullptr, std::memory_order_release);
    stream_ = nullptr;
}

Task<> PostgresPipeline::keep_open(std::shared_ptr<PostgresPipeline> self,
                                   std::shared_ptr<PostgresConnector> connector) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    auto backoff = connection_backoff();
    for (;;) {
        try {
            auto const connection = co_await connector->connect();
            backoff.reset();
            co_await self->serve(*connection);
        } catch (Unavailable const&) {  // the connector has logged it
        }
        pause.expires_after(backoff.next());
        co_await pause.async_wait(asio::use_awaitable);
    }
}

}  // namespace clinikk::db
