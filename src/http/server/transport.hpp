#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <sys/uio.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "base/async/task.hpp"
#include "domain/byte_source.hpp"

namespace clinikk::http {

/// How patient a connection is with its client. A body has a least rate and never a total deadline: a 10 GiB upload
/// and a paused player are both welcome.
struct Timeouts {
    std::chrono::seconds head{10};     ///< for a request head, from its first byte
    std::chrono::seconds idle{75};     ///< between requests
    std::uint64_t minimum_rate{1024};  ///< bytes a second of a body, either way
    std::chrono::seconds rate_window{60};
};

enum class IoStatus { ok, closed, timed_out };

struct IoOutcome {
    IoStatus status = IoStatus::ok;
    std::size_t bytes = 0;
};

/// The bytes of one TCP connection, in and out. Every call first tries without waiting, so that a ready socket costs
/// one system call; while it waits, `sweep` ends it when patience runs out. One thread only.
class Transport {
public:
    using Socket = boost::asio::ip::tcp::socket;
    using Clock = std::chrono::steady_clock;

    Transport(Socket socket, Timeouts const& timeouts);

    /// Waits until there is something to read, without a buffer: what an idle connection costs is its socket.
    Task<IoStatus> wait_readable(Clock::time_point deadline);
    /// What has arrived, without waiting; `ok` with no bytes when nothing has.
    IoOutcome read_ready(std::span<char> into);
    /// Some bytes of a body; waits for them at least at the minimum rate.
    Task<IoOutcome> read_body(std::span<char> into);
    /// Some bytes until a moment.
    Task<IoOutcome> read_until(std::span<char> into, Clock::time_point deadline);

    /// All bytes of both pieces. `more`: others follow at once (MSG_MORE).
    Task<IoStatus> write(std::string_view first, std::string_view second, bool more);
    /// The head, then the slice from the page cache to the socket.
    Task<IoStatus> write(std::string_view head, FileSlice const& slice);

    void shut_down_writing() noexcept;
    /// Ends the connection at once; waiting calls return `closed`.
    void abort() noexcept;

    /// Whether the client has closed its side of the connection, or the connection is broken. One system call.
    bool peer_has_closed() noexcept;

    /// Called about once a second: ends a wait that has lasted too long.
    void sweep(Clock::time_point now) noexcept;

    /// The address of the other side; an IPv4 address mapped into IPv6 as IPv4.
    boost::asio::ip::address remote_address() const;
    /// Where this side is: `host:port`, as it stands in a URL.
    std::string local_authority() const;

private:
    enum class Wait { none, deadline, rate };

    Task<IoStatus> wait(Socket::wait_type type, Wait kind);
    /// Sends at once what goes of the head and of the slice up to its first page boundary, or the whole of a small
    /// slice: what is left are whole pages. How many bytes it were; 0 when nothing goes.
    std::size_t write_lead(std::string_view head, FileSlice const& slice) noexcept;
    void moved(std::size_t bytes) noexcept;

    Socket socket_;
    Timeouts const& timeouts_;

    Wait waiting_ = Wait::none;
    Clock::time_point deadline_{};
    Clock::time_point wait_began_{};
    /// How long the client may still be waited for: bytes of a body earn time at the minimum rate, waiting spends it,
    /// and no more than the rate window is ever saved up.
    Clock::duration credit_;
    bool timed_out_ = false;
    bool aborted_ = false;
};

}  // namespace clinikk::http
