#include "client/multi_loop.hpp"

#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <stdexcept>

namespace clinikk::client {

namespace asio = boost::asio;

namespace {

constexpr long kept_connections = 128;
/// The limit that keeps a few bytes from waiting for ever behind sockets that are always ready.
constexpr int handlers_in_a_row = 64;

CURLM* make_multi() {
    static CURLcode const outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
    auto* const multi = outcome == CURLE_OK ? curl_multi_init() : nullptr;
    if (multi == nullptr) throw std::runtime_error("libcurl cannot be initialised");
    return multi;
}

/// Acknowledges what has been received, when more is to come. Some servers (Ceph's RADOS Gateway by default) send an
/// answer in two segments and hold the second back until the first is acknowledged (RFC 896). Linux delays that
/// acknowledgement by 40 ms. The kernel resets the option by itself, so it is set again after each read (tcp(7)).
void acknowledge_at_once(curl_socket_t socket) noexcept {
    int const on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

}  // namespace

/// A socket of libcurl, watched for what libcurl waits for. It is not closed here.
struct MultiLoop::WatchedSocket {
    asio::posix::stream_descriptor descriptor;
    curl_socket_t socket;
    int wanted = CURL_POLL_NONE;
    bool is_reading = false;
    bool is_writing = false;

    WatchedSocket(asio::io_context& loop, curl_socket_t socket_in) : descriptor(loop, socket_in), socket(socket_in) {}
};

MultiLoop::MultiLoop() : multi_(make_multi()) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &MultiLoop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &MultiLoop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kept_connections);
    thread_ = std::thread([this] { run(); });
}

MultiLoop::~MultiLoop() {
    stop();
    curl_multi_cleanup(multi_);
    for (auto const& [socket, watched] : sockets_) watched->descriptor.release();
}

void MultiLoop::run() {
    while (!loop_.stopped()) {
        int done = 0;
        while (done < handlers_in_a_row && loop_.poll_one() > 0) ++done;
        for (auto const& [easy, transfer] : transfers_) transfer->wake_for_less();
        loop_.run_one();
    }
}

void MultiLoop::start(std::shared_ptr<Transfer> transfer) {
    asio::post(loop_, [this, transfer = std::move(transfer)] {
        transfers_.emplace(transfer->easy(), transfer);
        if (curl_multi_add_handle(multi_, transfer->easy()) == CURLM_OK) return;
        transfers_.erase(transfer->easy());
        transfer->finish(CURLE_FAILED_INIT);
    });
}

void MultiLoop::end(std::shared_ptr<Transfer> transfer) {
    asio::post(loop_, [this, transfer = std::move(transfer)] {
        if (transfers_.erase(transfer->easy()) == 1) curl_multi_remove_handle(multi_, transfer->easy());
    });
}

void MultiLoop::resume(std::shared_ptr<Transfer> transfer) {
    asio::post(loop_, [this, transfer = std::move(transfer)] {
        if (!transfers_.contains(transfer->easy())) return;
        curl_easy_pause(transfer->easy(), CURLPAUSE_CONT);
        take_finished();
    });
}

void MultiLoop::stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] {
        fail_all();
        guard_.reset();
        loop_.stop();
    });
    thread_.join();
}

void MultiLoop::fail_all() {
    for (auto const& [easy, transfer] : transfers_) {
        curl_multi_remove_handle(multi_, easy);
        transfer->finish(CURLE_ABORTED_BY_CALLBACK);
    }
    transfers_.clear();
}

int MultiLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<MultiLoop*>(self)->watch(socket, what);
    return 0;
}

int MultiLoop::on_timer(CURLM*, long milliseconds, void* self) {
    static_cast<MultiLoop*>(self)->set_timer(milliseconds);
    return 0;
}

void MultiLoop::watch(curl_socket_t socket, int what) {
    if (what == CURL_POLL_REMOVE) {
        auto const found = sockets_.find(socket);
        if (found == sockets_.end()) return;
        found->second->wanted = CURL_POLL_NONE;
        found->second->descriptor.release();
        sockets_.erase(found);
        return;
    }
    auto& watched = sockets_[socket];
    if (!watched) watched = std::make_shared<WatchedSocket>(loop_, socket);
    watched->wanted = what;
    wait_for(watched);
}

void MultiLoop::wait_for(Watched const& watched) {
    using Descriptor = asio::posix::stream_descriptor;
    if ((watched->wanted & CURL_POLL_IN) != 0 && !watched->is_reading) {
        watched->is_reading = true;
        watched->descriptor.async_wait(Descriptor::wait_read, [this, watched](auto failure) {
            watched->is_reading = false;
            ready(watched, CURL_POLL_IN, failure ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
        });
    }
    if ((watched->wanted & CURL_POLL_OUT) != 0 && !watched->is_writing) {
        watched->is_writing = true;
        watched->descriptor.async_wait(Descriptor::wait_write, [this, watched](auto failure) {
            watched->is_writing = false;
            ready(watched, CURL_POLL_OUT, failure ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
        });
    }
}

void MultiLoop::ready(Watched const& watched, int wish, int event) {
    if ((watched->wanted & wish) == 0) return;
    act(watched->socket, event);
    if (wish == CURL_POLL_IN && (watched->wanted & CURL_POLL_IN) != 0) acknowledge_at_once(watched->socket);
    wait_for(watched);
}

void MultiLoop::set_timer(long milliseconds) {
    timer_.cancel();
    if (milliseconds < 0) return;
    if (milliseconds == 0) {  // after every pause; libcurl must not be called from its own callback
        asio::post(loop_, [this] { act(CURL_SOCKET_TIMEOUT, 0); });
        return;
    }
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([this](auto failure) {
        if (!failure) act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void MultiLoop::act(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, events, &running);
    take_finished();
}

void MultiLoop::take_finished() {
    int left = 0;
    while (auto const* const message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        auto const code = message->data.result;
        auto const found = transfers_.find(message->easy_handle);
        if (found == transfers_.end()) continue;
        auto const transfer = found->second;
        transfers_.erase(found);
        curl_multi_remove_handle(multi_, transfer->easy());
        transfer->finish(code);
    }
}

}  // namespace clinikk::client
