#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <sys/uio.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/async/task.hpp"
#include "domain/byte_source.hpp"
#include "http/server/file_window.hpp"

namespace clinikk::http {

/// How long a connection waits for its client. A body has a least rate but no total deadline: a 10 GiB upload and a
/// paused player are both welcome.
struct Timeouts {
    std::chrono::seconds head{10};     ///< for the head of a request, from its first byte
    std::chrono::seconds idle{75};     ///< between requests
    std::uint64_t minimum_rate{1024};  ///< bytes a second of a body, in either direction
    std::chrono::seconds rate_window{60};
};

enum class IoStatus { ok, closed, timed_out };

struct IoOutcome {
    IoStatus status = IoStatus::ok;
    std::size_t bytes = 0;
};

/// The bytes of one TCP connection, in both directions. Every call first tries without waiting, so that a ready socket
/// costs one system call; while it waits, `sweep` ends it at its timeout. One thread only.
class Transport {
public:
    using Socket = boost::asio::ip::tcp::socket;
    using Clock = std::chrono::steady_clock;

    Transport(Socket socket, Timeouts const& timeouts);

    /// Waits for input without a buffer, so that an idle connection costs no more than its socket.
    Task<IoStatus> wait_readable(Clock::time_point deadline);
    /// The bytes that have arrived, without waiting; `ok` without bytes when there are none.
    IoOutcome read_ready(std::span<char> into);
    /// Some bytes of a body. It waits for them as long as the minimum rate allows.
    Task<IoOutcome> read_body(std::span<char> into);
    /// Some bytes, until the deadline.
    Task<IoOutcome> read_until(std::span<char> into, Clock::time_point deadline);

    /// Writes all bytes of both pieces. `more`: other bytes follow at once (MSG_MORE).
    Task<IoStatus> write(std::string_view first, std::string_view second, bool more);
    /// Writes the head, then the slice from the page cache to the socket.
    Task<IoStatus> write(std::string_view head, FileSlice const& slice);
    /// Writes the head, then the pieces of the file: by `sendfile` if they are large, else through `scratch`, which is
    /// used only while the call does not wait.
    Task<IoStatus> write(std::string_view head, FileDescriptor const& file, std::span<ByteRange const> pieces,
                         std::span<char> scratch);

    /// Writes text before everything else that is written later, without waiting: what the socket does not take at once
    /// goes ahead of the next write. May be called while another call waits. Text is dropped for a client that has left
    /// several KiB of such texts unread.
    void write_aside(std::string_view text);

    /// Makes a call that waits return `closed`. The connection can still be used.
    void cancel_wait() noexcept;

    void shut_down_writing() noexcept;
    /// Ends the connection at once; waiting calls return `closed`.
    void abort() noexcept;

    /// Whether the client has closed its side of the connection, or the connection is broken. One system call.
    bool peer_has_closed() noexcept;

    /// Called about once a second: ends a wait that has lasted too long.
    void sweep(Clock::time_point now) noexcept;

    /// The address of the other side; an IPv4 address mapped into IPv6 as IPv4.
    boost::asio::ip::address remote_address() const;
    /// The local address as `host:port`, as in a URL.
    std::string local_authority() const;

private:
    enum class Wait { none, deadline, rate };

    Task<IoStatus> wait(Socket::wait_type type, Wait kind);
    Task<IoStatus> flush_aside();
    /// Sends at once as much as possible of the head and of the slice up to its first page boundary, or a small slice
    /// whole, so that whole pages are left. Returns the number of bytes, 0 when nothing could be sent.
    std::size_t write_lead(std::string_view head, FileSlice const& slice) noexcept;
    Task<IoStatus> send_file(FileDescriptor const& file, ByteRange range);
    Task<IoStatus> send_large(std::string_view head, FileDescriptor const& file, std::span<ByteRange const> pieces);
    Task<IoStatus> send_small(std::string_view head, FileDescriptor const& file, std::span<ByteRange const> pieces,
                              std::span<char> scratch);
    /// Reads the window and sends the head and its parts. Returns the number of bytes sent; as `sendmsg` does, -1 and
    /// `errno`.
    ssize_t send_window(std::string_view head, FileDescriptor const& file, FileWindow const& window, bool more,
                        std::span<char> scratch) noexcept;
    void set_cork(bool is_on) noexcept;
    void moved(std::size_t bytes) noexcept;

    Socket socket_;
    Timeouts const& timeouts_;

    Wait waiting_ = Wait::none;
    Clock::time_point deadline_{};
    Clock::time_point wait_began_{};
    /// How long to wait for the client: bytes of a body earn time at the minimum rate, and waiting spends it. At most
    /// the rate window is saved up.
    Clock::duration credit_;
    std::string aside_;            ///< what `write_aside` could not send yet
    bool waits_to_write_ = false;  ///< a write is under way and has sent a part
    bool timed_out_ = false;
    bool aborted_ = false;
};

}  // namespace clinikk::http
