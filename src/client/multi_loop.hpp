#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <thread>
#include <unordered_map>

#include "client/transfer.hpp"

namespace clinikk::client {

/// The multi handle of libcurl and the event loop that drives it, on a thread of its own: libcurl states for which
/// sockets and which moment it waits (`CURLMOPT_SOCKETFUNCTION`, `CURLMOPT_TIMERFUNCTION`), and Asio waits for them.
/// The public functions are thread-safe.
class MultiLoop {
public:
    MultiLoop();
    MultiLoop(MultiLoop const&) = delete;
    MultiLoop& operator=(MultiLoop const&) = delete;
    ~MultiLoop();

    void start(std::shared_ptr<Transfer> transfer);
    /// Ends a transfer that nobody waits for any more, if it is under way.
    void end(std::shared_ptr<Transfer> transfer);
    /// Resumes a transfer that was paused because its buffer was full.
    void resume(std::shared_ptr<Transfer> transfer);
    /// Ends all transfers and the thread.
    void stop();

private:
    struct WatchedSocket;
    using Watched = std::shared_ptr<WatchedSocket>;

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
    static int on_timer(CURLM* multi, long milliseconds, void* self);

    /// Wakes a coroutine that waits for bytes when no socket is ready any more, so that bytes that arrive close
    /// together are passed on at once. Otherwise two threads on one CPU would take turns for every segment.
    void run();
    void watch(curl_socket_t socket, int what);
    void wait_for(Watched const& watched);
    void ready(Watched const& watched, int wish, int event);
    void set_timer(long milliseconds);
    void act(curl_socket_t socket, int events);
    void take_finished();
    void fail_all();

    CURLM* multi_;
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{loop_.get_executor()};
    boost::asio::steady_timer timer_{loop_};
    std::unordered_map<curl_socket_t, Watched> sockets_;
    std::unordered_map<CURL*, std::shared_ptr<Transfer>> transfers_;
    std::thread thread_;
};

}  // namespace clinikk::client
