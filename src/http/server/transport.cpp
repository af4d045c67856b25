#include "http/server/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "http/server/forwarded.hpp"

namespace clinikk::http {

namespace asio = boost::asio;

namespace {

/// One call sends at most this many bytes; then the other connections of the thread have their turn.
constexpr std::uint64_t sendfile_chunk = 2 * 1024 * 1024;

/// Up to this size, copying is cheaper than a system call and a segment of its own.
constexpr std::size_t small_slice = 16 * 1024;
constexpr std::size_t page_size = 4096;

/// One call sends at most this many pieces (IOV_MAX is 1024).
constexpr std::size_t most_parts = 1000;

/// A slow client takes little at a time, and what it does not take is read again: after a short write the window is
/// smaller, down to this.
constexpr std::size_t smallest_window = 64 * 1024;

/// The most text that `write_aside` keeps for a client that does not read.
constexpr std::size_t longest_aside = 4096;

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
    waits_to_write_ = type == Socket::wait_write;
    auto const [failure] = co_await socket_.async_wait(type, asio::as_tuple(asio::use_awaitable));
    waiting_ = Wait::none;
    waits_to_write_ = false;
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

void Transport::write_aside(std::string_view text) {
    if (aside_.size() + text.size() > longest_aside) return;
    if (aside_.empty() && !waits_to_write_) {
        auto const sent = ::send(socket_.native_handle(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
    aside_ += text;
}

Task<IoStatus> Transport::flush_aside() {
    auto const text = std::exchange(aside_, {});
    co_return co_await write(text, {}, true);
}

Task<IoStatus> Transport::write(std::string_view first, std::string_view second, bool more) {
    if (!aside_.empty()) {
        auto const status = co_await flush_aside();
        if (status != IoStatus::ok) co_return status;
    }
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
    if (!aside_.empty()) {
        auto const status = co_await flush_aside();
        if (status != IoStatus::ok) co_return status;
    }
    auto const led = write_lead(head, slice);
    moved(led);
    if (led < head.size()) {
        auto const status = co_await write(head.substr(led), {}, false);
        if (status != IoStatus::ok) co_return status;
    }
    auto const done = led - std::min(led, head.size());
    ByteRange const rest{slice.offset + done, slice.length - done};
    co_return co_await send_file(*slice.file, rest);
}

Task<IoStatus> Transport::send_file(FileDescriptor const& file, ByteRange range) {
    auto offset = static_cast<off_t>(range.offset);
    auto left = range.length;
    while (left > 0) {
        auto const wanted = static_cast<std::size_t>(std::min(left, sendfile_chunk));
        auto const sent = ::sendfile(socket_.native_handle(), file.get(), &offset, wanted);
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

Task<IoStatus> Transport::write(std::string_view head, FileDescriptor const& file, std::span<ByteRange const> pieces,
                                std::span<char> scratch) {
    if (!aside_.empty()) {
        auto const status = co_await flush_aside();
        if (status != IoStatus::ok) co_return status;
    }
    if (are_large(pieces)) co_return co_await send_large(head, file, pieces);
    co_return co_await send_small(head, file, pieces, scratch);
}

/// The pieces leave in whole segments: without the cork each of them would end in a short one.
Task<IoStatus> Transport::send_large(std::string_view head, FileDescriptor const& file,
                                     std::span<ByteRange const> pieces) {
    set_cork(true);
    auto status = co_await write(head, {}, true);
    for (auto const& piece : pieces) {
        if (status == IoStatus::ok) status = co_await send_file(file, piece);
    }
    set_cork(false);
    co_return status;
}

/// What the socket does not take is read again when it does, so a slow client costs no buffer.
Task<IoStatus> Transport::send_small(std::string_view head, FileDescriptor const& file,
                                     std::span<ByteRange const> pieces, std::span<char> scratch) {
    PiecePosition position;
    position.advance(pieces, 0);
    auto size = scratch.size();
    while (position.piece < pieces.size()) {
        auto const window = window_at(pieces, position, size, most_parts);
        auto after = position;
        std::uint64_t whole = head.size();
        for (auto const& part : window.parts) whole += part.length;
        after.advance(pieces, whole - head.size());
        auto const sent = send_window(head, file, window, after.piece < pieces.size(), scratch);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && !would_block()) co_return IoStatus::closed;
        auto const count = static_cast<std::uint64_t>(std::max<ssize_t>(sent, 0));
        moved(count);
        auto const of_head = std::min<std::uint64_t>(count, head.size());
        head.remove_prefix(of_head);
        position.advance(pieces, count - of_head);
        auto const next = std::max(smallest_window, 2 * (count == whole ? size : static_cast<std::size_t>(count)));
        size = std::min(next, scratch.size());
        if (count == whole) continue;
        auto const status = co_await wait(Socket::wait_write, Wait::rate);
        if (status != IoStatus::ok) co_return status;
    }
    co_return co_await write(head, {}, false);
}

ssize_t Transport::send_window(std::string_view head, FileDescriptor const& file, FileWindow const& window, bool more,
                               std::span<char> scratch) noexcept {
    std::size_t got = 0;
    while (got < window.range.length) {
        auto const read = ::pread(file.get(), scratch.data() + got, window.range.length - got,
                                  static_cast<off_t>(window.range.offset + got));
        if (read < 0 && errno == EINTR) continue;
        if (read == 0) errno = EIO;  // the file is shorter than its row states
        if (read <= 0) return -1;
        got += static_cast<std::size_t>(read);
    }
    std::array<iovec, most_parts + 1> pieces;
    pieces[0] = {const_cast<char*>(head.data()), head.size()};
    std::size_t count = 1;
    for (auto const& part : window.parts) pieces[count++] = {scratch.data() + part.offset, part.length};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

void Transport::set_cork(bool is_on) noexcept {
    int const value = is_on ? 1 : 0;
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
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

void Transport::cancel_wait() noexcept {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Transport::abort() noexcept {
    aborted_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

}  // namespace clinikk::http
