#include "http/server/framed_body.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace clinikk::http {
namespace {

constexpr std::size_t large_buffer = 256 * 1024;
constexpr std::size_t small_buffer = 64 * 1024;
/// One upload is as fast as it can be with a large buffer. Of many at once each is slow anyway.
constexpr int max_large_buffers = 16;
std::atomic<int> large_buffers{0};

/// Skipping more than this costs more than a new connection. The server skips this much even after a refusal, because
/// many clients look for the answer only when they have sent everything.
constexpr std::uint64_t drain_limit = 1024 * 1024;
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

Error ended_early() { return {ErrorCode::bad_request, "The connection ended in the middle of the body"}; }

}  // namespace

std::span<char> BodyBuffer::get(std::uint64_t useful) {
    if (bytes_) return {bytes_.get(), size_};
    size_ = small_buffer;
    if (useful > small_buffer) {
        is_large_ = large_buffers.fetch_add(1) < max_large_buffers;
        if (is_large_) size_ = large_buffer;
        if (!is_large_) --large_buffers;
    }
    size_ = static_cast<std::size_t>(std::min<std::uint64_t>(size_, useful));
    bytes_ = std::make_unique_for_overwrite<char[]>(size_);
    return {bytes_.get(), size_};
}

BodyBuffer::~BodyBuffer() {
    if (is_large_) --large_buffers;
}

FramedBody::FramedBody(Transport& transport, RequestHead const& head, std::string_view early)
    : transport_(transport),
      framing_(head.framing),
      left_(head.framing == BodyFraming::length ? head.content_length : 0),
      awaits_continue_(head.expect_continue && head.framing != BodyFraming::none),
      ready_(early) {}

void FramedBody::limit(std::uint64_t bytes, ErrorCode code) {
    limit_ = bytes;
    over_limit_ = code;
}

bool FramedBody::finished() const noexcept {
    switch (framing_) {
        case BodyFraming::none: return true;
        case BodyFraming::length: return left_ == 0;
        case BodyFraming::chunked: return ended_;
    }
    return true;
}

void FramedBody::interrupt() {
    if (finished()) return;
    interrupted_ = true;
    if (is_pulled_) transport_.cancel_wait();
}

Task<Result<std::string_view>> FramedBody::next() {
    if (interrupted_) co_return Error(ErrorCode::upload_interrupted);
    if (finished()) co_return std::string_view{};
    if (failed_) co_return ended_early();
    is_pulled_ = true;
    auto piece = co_await next_piece();
    is_pulled_ = false;
    if (interrupted_) co_return Error(ErrorCode::upload_interrupted);
    if (!piece) {
        failed_ = true;
        co_return piece;
    }
    taken_ += piece->size();
    if (taken_ > limit_) {
        failed_ = true;
        co_return Error(over_limit_);
    }
    co_return piece;
}

Task<Result<std::string_view>> FramedBody::next_piece() {
    return framing_ == BodyFraming::chunked ? next_chunk() : next_of_length();
}

/// Reads the next bytes into the buffer, after those that are still there.
Task<Result<void>> FramedBody::fill() {
    if (awaits_continue_) {
        awaits_continue_ = false;
        if (co_await transport_.write(continue_line, {}, false) != IoStatus::ok) co_return ended_early();
    }
    auto room = room_behind_ready();
    // Nothing after a body with a length is read: the next request stays in the socket.
    if (framing_ == BodyFraming::length)
        room = room.first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), left_)));
    auto const got = co_await transport_.read_body(room);
    if (got.status == IoStatus::timed_out) co_return Error(ErrorCode::request_timeout);
    if (got.status != IoStatus::ok) co_return ended_early();
    ready_ = {ready_.data(), ready_.size() + got.bytes};
    co_return Result<void>{};
}

Task<Result<std::string_view>> FramedBody::next_of_length() {
    if (ready_.empty()) {
        auto const filled = co_await fill();
        if (!filled) co_return filled.error();
    }
    auto const piece = ready_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(ready_.size(), left_)));
    ready_.remove_prefix(piece.size());
    left_ -= piece.size();
    co_return piece;
}

Task<Result<std::string_view>> FramedBody::next_chunk() {
    using Kind = ChunkedDecoder::Step::Kind;
    while (true) {
        auto const step = decoder_.next(ready_);
        ready_.remove_prefix(step.consumed);
        if (step.kind == Kind::data && !step.data.empty()) co_return step.data;
        if (step.kind == Kind::refused) co_return Error(ErrorCode::bad_request, std::string(step.reason));
        if (step.kind == Kind::end) {
            ended_ = true;
            co_return std::string_view{};
        }
        if (step.kind == Kind::need_more) {
            auto const filled = co_await fill();
            if (!filled) co_return filled.error();
        }
    }
}

bool FramedBody::skip_arrived() {
    if (interrupted_) return false;
    if (finished()) return true;
    if (failed_ || awaits_continue_) return false;
    if (framing_ == BodyFraming::length) return left_ <= drain_limit;
    using Kind = ChunkedDecoder::Step::Kind;
    std::uint64_t skipped = 0;
    while (!ended_ && skipped <= drain_limit) {
        auto const step = decoder_.next(ready_);
        ready_.remove_prefix(step.consumed);
        skipped += step.data.size();
        ended_ = step.kind == Kind::end;
        if (step.kind == Kind::refused) return false;
        if (step.kind == Kind::need_more && !take_arrived()) return false;
    }
    return ended_;
}

/// As `fill`, but only with bytes that have already arrived. Returns whether there were any.
bool FramedBody::take_arrived() {
    auto const got = transport_.read_ready(room_behind_ready());
    ready_ = {ready_.data(), ready_.size() + got.bytes};
    return got.bytes > 0;
}

/// The room for the next bytes, after those that are still there.
std::span<char> FramedBody::room_behind_ready() {
    auto const buffer = buffer_.get(framing_ == BodyFraming::length ? left_ : large_buffer);
    // Only the start of a chunk header can be left, a few bytes.
    if (!ready_.empty()) std::memmove(buffer.data(), ready_.data(), ready_.size());
    ready_ = {buffer.data(), ready_.size()};
    return buffer.subspan(ready_.size());
}

Task<bool> FramedBody::drain() {
    limit_ = taken_ + drain_limit;
    while (!finished()) {
        auto const piece = co_await next();
        if (!piece) co_return false;
    }
    co_return true;
}

}  // namespace clinikk::http
