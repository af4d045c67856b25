#include "http/server/connection.hpp"

#include <charconv>

#include "base/time.hpp"
#include "http/endpoint/endpoint.hpp"
#include "http/server/framed_body.hpp"

namespace clinikk::http {
namespace {

constexpr std::chrono::seconds linger_time{2};
/// The time from the connect of a client to the first byte of its request that a draining server allows.
constexpr std::chrono::milliseconds first_request_time{500};
/// How long a request is under way before the server checks whether its client is still there.
constexpr std::chrono::seconds unwatched_time{1};
/// More than the socket buffers of both sides hold, so that everything sent before the client could see the answer is
/// read.
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;
/// A buffer that has grown larger is released between requests.
constexpr std::size_t kept_buffer = 1024;
/// One read of a head takes at most this many bytes, and those of the body behind it.
constexpr std::size_t head_read = 64 * 1024;

bool only_reads(Request const& request) { return is_retrieval(request.head.method); }

}  // namespace

std::string const& HttpClock::date() {
    auto const second = std::time(nullptr);
    if (second != second_) {
        second_ = second;
        date_ = format_http_date(Timestamp(std::chrono::seconds(second)));
    }
    return date_;
}

Connection::Connection(Transport::Socket socket, ConnectionContext const& context)
    : context_(context),
      transport_(std::move(socket), context.timeouts),
      peer_(transport_.remote_address()),
      via_proxy_(contains(context.trusted_proxies, peer_)),
      client_address_(peer_.to_string()) {}

void Connection::close_if_idle(Transport::Clock::time_point now) noexcept {
    bool const may_begin = fresh_ && now - opened_ < first_request_time;
    if (idle_ && !may_begin) transport_.abort();
}

void Connection::sweep(Transport::Clock::time_point now, boost::asio::cancellation_signal& cancellation) {
    transport_.sweep(now);
    if (handled_ == nullptr || handled_->abandoned || now - handled_->started < unwatched_time) return;
    if (!only_reads(*handled_) || !transport_.peer_has_closed()) return;
    handled_->abandoned = true;
    cancellation.emit(boost::asio::cancellation_type::terminal);
}

Task<> Connection::serve() {
    while (true) {
        Error refusal(ErrorCode::bad_request);
        auto const status = co_await read_head(refusal);
        if (status == HeadStatus::ended) co_return;
        if (status == HeadStatus::refused) {
            co_await refuse(std::move(refusal));
            co_return;
        }
        if (!co_await answer_request()) co_return;
    }
}

Task<Connection::HeadStatus> Connection::read_head(Error& refusal) {
    auto const began = Transport::Clock::now();
    auto deadline = began + (buffer_.empty() ? context_.timeouts.idle : context_.timeouts.head);
    head_size_ = 0;
    while (true) {
        auto const outcome = parse_request_head(buffer_, context_.head_limits, head_);
        if (outcome.kind == HeadOutcome::Kind::complete) {
            head_size_ = outcome.consumed;
            idle_ = false;
            fresh_ = false;
            co_return HeadStatus::complete;
        }
        if (outcome.kind == HeadOutcome::Kind::refused) {
            refusal = Error(outcome.code, std::string(outcome.reason));
            co_return HeadStatus::refused;
        }
        idle_ = buffer_.empty();
        if (idle_ && buffer_.capacity() > kept_buffer) std::string().swap(buffer_);
        if (idle_ && !fresh_ && context_.draining) co_return HeadStatus::ended;
        auto const ready = co_await transport_.wait_readable(deadline);
        if (ready == IoStatus::timed_out && !buffer_.empty()) {
            refusal = Error(ErrorCode::request_timeout);
            co_return HeadStatus::refused;
        }
        if (ready != IoStatus::ok) co_return HeadStatus::ended;
        auto const got = transport_.read_ready(context_.scratch.first(head_read));
        if (got.status != IoStatus::ok) co_return HeadStatus::ended;
        if (buffer_.empty()) deadline = Transport::Clock::now() + context_.timeouts.head;
        buffer_.append(context_.scratch.data(), got.bytes);
    }
}

Task<bool> Connection::answer_request() {
    FramedBody body(transport_, head_, std::string_view(buffer_).substr(head_size_));
    bool const wants_body = head_.method != Method::head;
    context_.pipeline.override_method(head_);
    Request request{head_, body, {}, context_.ids.next(), Transport::Clock::now()};
    request.send_interim = [this](int status, HeaderBlock const& headers) { return send_interim(status, headers); };
    log_ends(request);
    handled_ = &request;
    awaits_answer_ = true;
    auto response = co_await context_.pipeline.handle(request);
    awaits_answer_ = false;
    handled_ = nullptr;
    if (request.abandoned) co_return false;

    // Whatever will end the connection after this answer is known before the answer is sent, and the answer says so.
    bool const ends_with_body = head_.version == Version::http_1_0 && !body_length(response);
    bool const keep =
        head_.keep_alive && !response.close && !context_.draining && !ends_with_body && body.skip_arrived();
    auto const sent = co_await send(response, keep, wants_body);
    if (sent != IoStatus::ok) co_return false;
    if (!keep) {
        co_await linger();
        co_return false;
    }
    if (!co_await body.drain()) {
        co_await linger();
        co_return false;
    }
    // The bytes after the body may be in the buffer itself.
    buffer_ = std::string(body.behind());
    co_return true;
}

/// Records both ends of the exchange, as the client sees them.
void Connection::log_ends(Request& request) {
    if (via_proxy_) client_address_ = forwarded_client(head_, peer_, context_.trusted_proxies).to_string();
    if (head_.host.empty() && local_authority_.empty()) local_authority_ = transport_.local_authority();
    request.remote_address = client_address_;
    request.authority = head_.host.empty() ? std::string_view(local_authority_) : head_.host;
    request.via_proxy = via_proxy_;
}

Task<> Connection::send_interim(int status, HeaderBlock const& headers) {
    if (awaits_answer_ && head_.version != Version::http_1_0) {
        transport_.write_aside(serialize_interim(status, headers));
    }
    co_return;
}

Task<IoStatus> Connection::send(Response& response, bool keep_alive, bool with_body) {
    bool const old_client = head_.version == Version::http_1_0;
    bool const chunked = !body_length(response).has_value();
    auto head = serialize_head(response, context_.clock.date(), keep_alive, old_client);
    if (!with_body || response.status == 304 || response.status == 204) {
        co_return co_await transport_.write(head, {}, false);
    }
    if (auto const* text = std::get_if<std::string>(&response.body)) {
        co_return co_await transport_.write(head, *text, false);
    }
    if (auto const* slice = std::get_if<FileSlice>(&response.body)) co_return co_await transport_.write(head, *slice);
    if (auto* const pieces = std::get_if<FilePieces>(&response.body)) {
        co_return co_await send_pieces(std::move(head), *pieces);
    }
    auto const status = co_await transport_.write(head, {}, true);
    if (status != IoStatus::ok) co_return status;
    co_return co_await send_source(*std::get<std::unique_ptr<ByteSource>>(response.body), chunked && !old_client);
}

/// Their number is known, so they are never chunked.
Task<IoStatus> Connection::send_pieces(std::string head, FilePieces& body) {
    head += body.head;
    if (body.lead) {
        auto status = co_await transport_.write(head, {}, true);
        if (status == IoStatus::ok) status = co_await send_source(*body.lead, false);
        if (status != IoStatus::ok) co_return status;
        head.clear();
    }
    if (body.pieces.size() == 1) {
        FileSlice const slice{body.file, body.pieces[0].offset, body.pieces[0].length};
        co_return co_await transport_.write(head, slice);
    }
    co_return co_await transport_.write(head, *body.file, body.pieces, context_.scratch);
}

Task<IoStatus> Connection::send_source(ByteSource& source, bool chunked) {
    while (true) {
        auto const piece = co_await source.next();
        // It is too late for an error. The missing end tells the client that the body is incomplete.
        if (!piece) co_return IoStatus::closed;
        if (piece->empty()) break;
        if (chunked) {
            char size[18];
            auto const end = std::to_chars(size, size + 16, piece->size(), 16).ptr;
            end[0] = '\r';
            end[1] = '\n';
            std::string_view const line(size, static_cast<std::size_t>(end + 2 - size));
            auto const status = co_await transport_.write(line, {}, true);
            if (status != IoStatus::ok) co_return status;
        }
        auto const status = co_await transport_.write(*piece, chunked ? "\r\n" : "", false);
        if (status != IoStatus::ok) co_return status;
    }
    if (chunked) co_return co_await transport_.write("0\r\n\r\n", {}, false);
    co_return IoStatus::ok;
}

Task<> Connection::refuse(Error refusal) {
    idle_ = false;
    auto response = context_.pipeline.refuse(refusal, context_.ids.next(), peer_.to_string());
    head_.version = Version::http_1_1;
    auto const sent = co_await send(response, false, true);
    if (sent == IoStatus::ok) co_await linger();
}

/// Closes so that the client gets the answer. Closing with unread input makes the kernel reset the connection, and the
/// client may lose the answer (RFC 9112 section 9.6), so this shuts down writing and reads for a while.
Task<> Connection::linger() {
    transport_.shut_down_writing();
    auto const deadline = Transport::Clock::now() + linger_time;
    std::size_t seen = 0;
    while (seen < linger_bytes) {
        auto const got = co_await transport_.read_until(context_.scratch, deadline);
        if (got.status != IoStatus::ok) co_return;
        seen += got.bytes;
    }
}

}  // namespace clinikk::http
