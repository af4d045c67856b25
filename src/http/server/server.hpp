#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/async/task.hpp"
#include "base/log.hpp"
#include "http/message/request_head.hpp"
#include "http/server/forwarded.hpp"
#include "http/server/pipeline.hpp"
#include "http/server/transport.hpp"

namespace clinikk::http {

struct ServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8000;  ///< 0: any free port
    std::size_t threads = 1;
    std::size_t max_connections = 20'000;  ///< over all threads; more are told to come back later
    Networks trusted_proxies{};            ///< their X-Forwarded fields count
    bool reuse_port = false;               ///< allow several processes to listen, for rolling restarts
    Timeouts timeouts{};
    HeadLimits head_limits{};
    std::chrono::seconds shutdown_grace{30};
};

/// The listener: one thread, event loop and acceptor for each core. They share nothing but the pipeline.
class Server {
public:
    /// The number of refused connections for which a thread waits until they have read the answer.
    static constexpr std::size_t max_turned_away = 8;

    /// Binds and listens. Throws std::runtime_error with one line that states why it cannot.
    Server(ServerOptions options, Pipeline& pipeline, Log& log);
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;
    /// Requests that are still under way are destroyed.
    ~Server();

    std::uint16_t port() const noexcept;

    /// Runs a task on the first thread as long as the server runs. Call it before `run`.
    void spawn(std::function<Task<>()> task);

    /// As `spawn`, with one task on every thread.
    void spawn_on_each(std::function<Task<>()> const& task);

    /// Serves until it is stopped. The first SIGTERM or SIGINT drains it: no new connections, and `shutdown_grace` for
    /// the requests under way. The second one ends it at once.
    void run();

    /// `hear` is called on one of the loops when the server begins to drain, so that requests which wait for their
    /// clients can end. Call it before `run`.
    void on_drain(std::function<void()> hear);

    /// Whether the server has begun to drain. Thread-safe.
    bool draining() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace clinikk::http
