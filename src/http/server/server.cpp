#include "http/server/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <csignal>
#include <deque>
#include <list>
#include <optional>
#include <thread>
#include <vector>

#include "http/server/connection.hpp"

namespace clinikk::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds sweep_interval{250};
constexpr std::chrono::milliseconds descriptor_pause{50};
constexpr std::chrono::seconds turned_away_time{2};
constexpr int backlog = 4096;
constexpr std::size_t scratch_size = 512 * 1024;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

tcp::acceptor listen_on(asio::io_context& context, tcp::endpoint const& endpoint, bool shared) {
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    if (shared) acceptor.set_option(ReusePort(true));
    acceptor.bind(endpoint);
    acceptor.listen(backlog);
    return acceptor;
}

Error too_many_connections() { return {ErrorCode::unavailable, "Too many connections are open; try again later"}; }

/// The part of the server that runs on one thread.
class Worker {
public:
    Worker(ServerOptions const& options, bool hears_signals, Pipeline& pipeline, std::atomic<std::size_t>& connections,
           Log& log)
        : options_(options),
          hears_signals_(hears_signals),
          connections_(connections),
          log_(log),
          sweep_timer_(context_),
          acceptor_(context_),
          scratch_(scratch_size),
          shared_{pipeline, options.timeouts, options.head_limits,     ids_,
                  scratch_, clock_,           options.trusted_proxies, draining_} {}

    asio::io_context& context() noexcept { return context_; }
    void listen(tcp::acceptor acceptor) { acceptor_ = std::move(acceptor); }

    void start() {
        asio::co_spawn(context_, accept_all(), asio::detached);
        asio::co_spawn(context_, sweep_all(), asio::detached);
    }

    /// Thread-safe.
    void drain(Transport::Clock::time_point deadline) {
        asio::post(context_, [this, deadline] {
            drain_deadline_ = draining_ ? std::min(drain_deadline_, deadline) : deadline;
            draining_ = true;
            stop_listening();
            end_idle_connections();
            sweep_timer_.cancel();
        });
    }

private:
    Task<> accept_all() {
        while (!draining_) {
            auto [failure, socket] = co_await acceptor_.async_accept(as_tuple);
            if (!failure) {
                take(std::move(socket));
                continue;
            }
            if (failure == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
            // Out of descriptors: wait for a connection to end instead of spinning.
            log_.warning("connection.accept_failed", {{"error", failure.message()}});
            asio::steady_timer pause(context_, descriptor_pause);
            co_await pause.async_wait(as_tuple);
        }
    }

    void take(tcp::socket socket) {
        if (connections_.fetch_add(1, std::memory_order_relaxed) < options_.max_connections) {
            begin_serving(std::move(socket));
        } else {
            connections_.fetch_sub(1, std::memory_order_relaxed);
            turn_away(std::move(socket));
        }
    }

    /// Serves the connections that the kernel has already made: closing the listener would reset them, and a proxy may
    /// not send all their requests again.
    void stop_listening() {
        boost::system::error_code failure;
        acceptor_.non_blocking(true, failure);
        while (acceptor_.is_open() && !failure) {
            tcp::socket socket(context_);
            acceptor_.accept(socket, failure);
            if (!failure) take(std::move(socket));
        }
        acceptor_.close(failure);
    }

    void end_idle_connections() {
        auto const now = Transport::Clock::now();
        for (auto const& [connection, cancellation] : live_) connection->close_if_idle(now);
    }

    /// Refuses one connection too many, and holds it for a while until its client has read the answer: closing with
    /// unread input resets the connection, and the reset may overtake the answer (RFC 9112 section 9.6). An accepted
    /// connection is never closed to make room, not even an idle one: its client may be writing, and does not repeat a
    /// request that is not idempotent.
    void turn_away(tcp::socket socket) {
        boost::system::error_code ignored;
        auto const client = socket.remote_endpoint(ignored).address();
        auto const response = shared_.pipeline.refuse(too_many_connections(), ids_.next(), client.to_string());
        auto const bytes = serialize_head(response, clock_.date(), false, false) + std::get<std::string>(response.body);
        ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        socket.shutdown(tcp::socket::shutdown_send, ignored);
        if (turned_away_.size() == Server::max_turned_away) turned_away_.pop_front();
        turned_away_.push_back({std::move(socket), Transport::Clock::now() + turned_away_time});
    }

    void close_turned_away(Transport::Clock::time_point now) {
        std::erase_if(turned_away_, [&](TurnedAway& away) {
            auto const got = ::recv(away.socket.native_handle(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
            return got == 0 || now >= away.until;
        });
    }

    void begin_serving(tcp::socket socket) {
        auto const cancellation = std::make_shared<asio::cancellation_signal>();
        auto const slot = cancellation->slot();
        auto at_end = [cancellation](std::exception_ptr const&) {};  // the slot must outlive the coroutine
        asio::co_spawn(context_, serve(std::move(socket), *cancellation),
                       asio::bind_cancellation_slot(slot, std::move(at_end)));
    }

    Task<> serve(tcp::socket socket, asio::cancellation_signal& cancellation) {
        Connection connection(std::move(socket), shared_);
        auto const place = live_.insert(live_.end(), {&connection, &cancellation});
        try {
            co_await connection.serve();
        } catch (std::exception const& failure) {
            log_.error("connection.failed", {{"error", failure.what()}});
        }
        live_.erase(place);
        connections_.fetch_sub(1, std::memory_order_relaxed);
        if (draining_ && live_.empty()) sweep_timer_.cancel();
    }

    /// Ends waits that last too long, and the thread when it has drained.
    Task<> sweep_all() {
        while (true) {
            sweep_timer_.expires_after(sweep_interval);
            co_await sweep_timer_.async_wait(as_tuple);
            auto const at = Transport::Clock::now();
            for (auto const& [connection, cancellation] : live_) connection->sweep(at, *cancellation);
            if (draining_) end_idle_connections();
            close_turned_away(at);
            if (draining_ && (is_drained() || at >= drain_deadline_)) {
                context_.stop();
                co_return;
            }
        }
    }

    /// The first thread waits for signals, so it stays until all threads have ended.
    bool is_drained() const noexcept {
        return hears_signals_ ? connections_.load(std::memory_order_relaxed) == 0 : live_.empty();
    }

    ServerOptions const& options_;
    bool hears_signals_;
    std::atomic<std::size_t>& connections_;
    Log& log_;
    UuidSource ids_;
    struct Live {
        Connection* connection;  ///< owned by its coroutine
        asio::cancellation_signal* cancellation;
    };
    std::list<Live> live_;
    struct TurnedAway {
        tcp::socket socket;
        Transport::Clock::time_point until;
    };
    bool draining_ = false;
    Transport::Clock::time_point drain_deadline_{};
    asio::io_context context_{1};
    std::deque<TurnedAway> turned_away_;
    asio::steady_timer sweep_timer_;
    tcp::acceptor acceptor_;
    std::vector<char> scratch_;
    HttpClock clock_;
    ConnectionContext shared_;
};

}  // namespace

struct Server::State {
    ServerOptions options;
    Log& log;
    std::atomic<std::size_t> connections{0};
    std::atomic<bool> draining{false};
    std::uint16_t port = 0;
    std::vector<std::unique_ptr<Worker>> workers{};
    std::function<void()> hear_drain{};
    std::optional<asio::signal_set>
        signals{};  ///< signals are caught from the moment at which the address is known until the second signal

    State(ServerOptions options_in, Log& log_in) : options(std::move(options_in)), log(log_in) {}

    void drain(std::chrono::seconds grace) {
        if (!draining.exchange(true) && hear_drain) hear_drain();
        for (auto& worker : workers) worker->drain(Transport::Clock::now() + grace);
    }

    void spawn(Worker& worker, std::function<Task<>()> task) {
        asio::co_spawn(worker.context(), std::move(task), [this](std::exception_ptr why) {
            if (!why) return;
            try {
                std::rethrow_exception(why);
            } catch (std::exception const& failure) {
                log.error("background_task.failed", {{"error", failure.what()}});
            }
        });
    }

    Task<> watch_signals() {
        std::array const graces{options.shutdown_grace, std::chrono::seconds{0}};
        for (auto const grace : graces) {
            auto const [failure, signal] = co_await signals->async_wait(as_tuple);
            if (failure) co_return;
            log.info(grace.count() > 0 ? "server.drain_started" : "server.aborted", {{"signal", signal}});
            drain(grace);
        }
        signals.reset();
    }
};

Server::Server(ServerOptions options, Pipeline& pipeline, Log& log)
    : state_(std::make_unique<State>(std::move(options), log)) {
    auto const& wanted = state_->options;
    for (std::size_t i = 0; i < wanted.threads; ++i) {
        state_->workers.push_back(std::make_unique<Worker>(wanted, i == 0, pipeline, state_->connections, log));
    }
    try {
        auto& first = state_->workers.front()->context();
        tcp::endpoint endpoint(asio::ip::make_address(wanted.host), wanted.port);
        bool const shared = wanted.threads > 1 || wanted.reuse_port;
        // A plain listener first: a second, accidental start fails instead of taking half of the connections. This is
        // not needed for a free port, which nobody else uses.
        if (!wanted.reuse_port && wanted.port != 0) listen_on(first, endpoint, false);
        for (auto& worker : state_->workers) {
            auto acceptor = listen_on(worker->context(), endpoint, shared);
            endpoint = acceptor.local_endpoint();
            worker->listen(std::move(acceptor));
        }
        state_->port = endpoint.port();
        state_->signals.emplace(first, SIGTERM, SIGINT);
    } catch (boost::system::system_error const& failure) {
        throw std::runtime_error("cannot listen on " + wanted.host + " port " + std::to_string(wanted.port) + ": " +
                                 failure.code().message() + " (set HOST and PORT)");
    }
}

Server::~Server() = default;

std::uint16_t Server::port() const noexcept { return state_->port; }

bool Server::draining() const noexcept { return state_->draining.load(std::memory_order_relaxed); }

void Server::on_drain(std::function<void()> hear) { state_->hear_drain = std::move(hear); }

void Server::spawn(std::function<Task<>()> task) { state_->spawn(*state_->workers.front(), std::move(task)); }

void Server::spawn_on_each(std::function<Task<>()> const& task) {
    for (auto& worker : state_->workers) state_->spawn(*worker, task);
}

void Server::run() {
    // sendfile has no MSG_NOSIGNAL: a client that disappears must be an error code, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    for (auto& worker : state_->workers) worker->start();
    asio::co_spawn(state_->workers.front()->context(), state_->watch_signals(), asio::detached);
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < state_->workers.size(); ++i) {
        threads.emplace_back([worker = state_->workers[i].get()] { worker->context().run(); });
    }
    state_->workers.front()->context().run();
}

}  // namespace clinikk::http
