#include "http/server/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "http/server/forwarded.hpp"

namespace clinikk::http {

namespace asio = boost::asio;

namespace {

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

/// One call sends at most this many bytes; then the other connections of the thread have their turn.
constexpr std::uint64_t sendfile_chunk = 2 * 1024 * 1024;

/// Up to this size, copying is cheaper than a system call and a segment of its own.
constexpr std::size_t small_slice = 16 * 1024;
constexpr std::size_t page_size = 4096;

bool would_block() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Transport::Transport(Socket socket, Timeouts const& timeouts)
    : socket_(std::move(socket)), timeouts_(timeouts), credit_(timeouts.rate_window) {
    boost::system::error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Task<IoStatus> Transport::wait(Socket::wait_type type, Wait kind) {
    if (aborted_) co_return IoStatus::closed;
    timed_out_ = false;  // a client that was too slow still gets an answer
    waiting_ = kind;
    wait_began_ = Clock::now();
    auto const [failure] = co_await socket_.async_wait(type, as_tuple);
    waiting_ = Wait::none;
    if (kind == Wait::rate) credit_ -= Clock::now() - wait_began_;
    if (timed_out_) co_return IoStatus::timed_out;
    co_return failure ? IoStatus::closed : IoStatus::ok;
}

void Transport::moved(std::size_t bytes) noexcept {
    if (timeouts_.minimum_rate == 0) return;
    std::chrono::duration<double> const earned{static_cast<double>(bytes) /
                                               static_cast<double>(timeouts_.minimum_rate)};
    if (earned >= timeouts_.rate_window) {
        credit_ = timeouts_.rate_window;
    } else {
        credit_ = std::min<Clock::duration>(timeouts_.rate_window,
                                            credit_ + std::chrono::duration_cast<Clock::duration>(earned));
    }
}

void Transport::sweep(Clock::time_point now) noexcept {
    bool impatient = false;
    if (waiting_ == Wait::deadline) impatient = now >= deadline_;
    if (waiting_ == Wait::rate) impatient = timeouts_.minimum_rate > 0 && now - wait_began_ >= credit_;
    if (!impatient) return;
    timed_out_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

Task<IoStatus> Transport::wait_readable(Clock::time_point deadline) {
    deadline_ = deadline;
    return wait(Socket::wait_read, Wait::deadline);
}

IoOutcome Transport::read_ready(std::span<char> into) {
    while (true) {
        auto const got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
        if (got > 0) return {IoStatus::ok, static_cast<std::size_t>(got)};
        if (got == 0) return {IoStatus::closed, 0};
        if (errno == EINTR) continue;
        return {would_block() ? IoStatus::ok : IoStatus::closed, 0};
    }
}

Task<IoOutcome> Transport::read_body(std::span<char> into) {
    while (true) {
        auto const outcome = read_ready(into);
        moved(outcome.bytes);
        if (outcome.status != IoStatus::ok || outcome.bytes > 0) co_return outcome;
        auto const status = co_await wait(Socket::wait_read, Wait::rate);
        if (status != IoStatus::ok) co_return IoOutcome{status, 0};
    }
}

Task<IoOutcome> Transport::read_until(std::span<char> into, Clock::time_point deadline) {
    while (true) {
        auto const outcome = read_ready(into);
        if (outcome.status != IoStatus::ok || outcome.bytes > 0) co_return outcome;
        auto const status = co_await wait_readable(deadline);
        if (status != IoStatus::ok) co_return IoOutcome{status, 0};
    }
}

Task<IoStatus> Transport::write(std::string_view first, std::string_view second, bool more) {
    while (!first.empty() || !second.empty()) {
        std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                                    iovec{const_cast<char*>(second.data()), second.size()}};
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        auto const sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent >= 0) {
            auto const count = static_cast<std::size_t>(sent);
            moved(count);
            auto const of_first = std::min(count, first.size());
            first.remove_prefix(of_first);
            second.remove_prefix(count - of_first);
        } else if (would_block()) {
            auto const status = co_await wait(Socket::wait_write, Wait::rate);
            if (status != IoStatus::ok) co_return status;
        } else if (errno != EINTR) {
            co_return IoStatus::closed;
        }
    }
    co_return IoStatus::ok;
}

/// Sending all of it with MSG_MORE and sendfile would split pages over segments, and 64 KiB would take three segments
/// (a third of the rate on loopback).
std::size_t Transport::write_lead(std::string_view head, FileSlice const& slice) noexcept {
    std::array<char, small_slice> lead;
    auto const wanted = slice.length <= small_slice ? slice.length : page_size - slice.offset % page_size;
    iovec const space{lead.data(), wanted};
    auto const got = ::preadv2(slice.file->get(), &space, 1, static_cast<off_t>(slice.offset), RWF_NOWAIT);
    std::array<iovec, 2> pieces{iovec{const_cast<char*>(head.data()), head.size()},
                                iovec{lead.data(), got > 0 ? static_cast<std::size_t>(got) : 0}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    auto const sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

Task<IoStatus> Transport::write(std::string_view head, FileSlice const& slice) {
    auto const led = write_lead(head, slice);
    moved(led);
    if (led < head.size()) {
        auto const status = co_await write(head.substr(led), {}, false);
        if (status != IoStatus::ok) co_return status;
    }
    auto const done = led - std::min(led, head.size());
    auto offset = static_cast<off_t>(slice.offset + done);
    std::uint64_t left = slice.length - done;
    while (left > 0) {
        auto const wanted = static_cast<std::size_t>(std::min(left, sendfile_chunk));
        auto const sent = ::sendfile(socket_.native_handle(), slice.file->get(), &offset, wanted);
        if (sent > 0) {
            left -= static_cast<std::uint64_t>(sent);
            moved(static_cast<std::size_t>(sent));
            if (left == 0) break;
        } else if (sent == 0) {
            co_return IoStatus::closed;  // the file is shorter than its row states, so the answer must not look
                                         // complete
        } else if (errno == EINTR) {
            continue;
        } else if (!would_block()) {
            co_return IoStatus::closed;
        }
        auto const status = co_await wait(Socket::wait_write, Wait::rate);
        if (status != IoStatus::ok) co_return status;
    }
    co_return IoStatus::ok;
}

void Transport::shut_down_writing() noexcept {
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

bool Transport::peer_has_closed() noexcept {
    // Reading does not show it: bytes that the client sent before it left would hide the end.
    pollfd asked{socket_.native_handle(), POLLRDHUP, 0};
    return ::poll(&asked, 1, 0) > 0;
}

asio::ip::address Transport::remote_address() const {
    boost::system::error_code ignored;
    return plain_address(socket_.remote_endpoint(ignored).address());
}

std::string Transport::local_authority() const {
    boost::system::error_code ignored;
    auto const local = socket_.local_endpoint(ignored);
    auto const address = plain_address(local.address());
    auto const host = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
    return host + ':' + std::to_string(local.port());
}

void Transport::abort() noexcept {
    aborted_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

}  // namespace clinikk::http
