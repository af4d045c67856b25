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
    std::uint16_t port = 8000;  ///< 0: any free one
    std::size_t threads = 1;
    std::size_t max_connections = 20'000;  ///< over all threads; more are told to come back
    Networks trusted_proxies{};            ///< whose X-Forwarded fields count
    bool reuse_port = false;               ///< let several processes listen, for rolling restarts
    Timeouts timeouts{};
    HeadLimits head_limits{};
    std::chrono::seconds shutdown_grace{30};
};

/// The listener: one thread, one event loop and one acceptor for each core, nothing shared between them but the
/// pipeline.
class Server {
public:
    /// Connections that a thread has turned away and waits for to have read why.
    static constexpr std::size_t max_turned_away = 8;

    /// Binds and listens; throws std::runtime_error with one line that says why it cannot.
    Server(ServerOptions options, Pipeline& pipeline, Log& log);
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;
    /// What is still under way is destroyed.
    ~Server();

    std::uint16_t port() const noexcept;

    /// Runs a task on the first thread for as long as the server runs. Before `run`.
    void spawn(std::function<Task<>()> task);

    /// The same on every thread, a task each.
    void spawn_on_each(std::function<Task<>()> const& task);

    /// Serves until stopped: SIGTERM or SIGINT drains (no new connections, requests under way have `shutdown_grace`
    /// to finish), a second one ends at once.
    void run();

    /// Whether the server has begun to drain. Thread-safe.
    bool draining() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace clinikk::http
