#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/endpoint/request.hpp"
#include "http/message/chunked.hpp"
#include "http/server/transport.hpp"

namespace clinikk::http {

/// The memory through which one body is read. Few bodies of the process have large buffers at a time; the others read
/// through small ones, so that many uploads at once need little. Thread-safe between objects.
class BodyBuffer {
public:
    BodyBuffer() = default;
    BodyBuffer(BodyBuffer const&) = delete;
    BodyBuffer& operator=(BodyBuffer const&) = delete;
    ~BodyBuffer();

    /// Allocates at the first call, no more than `useful` bytes.
    std::span<char> get(std::uint64_t useful);

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    bool is_large_ = false;
};

/// The body of one request as its framing delimits it (RFC 9112 section 6), read from the connection when it is pulled.
class FramedBody : public RequestBody {
public:
    /// `early`: the bytes that arrived together with the head. They must outlive this object.
    FramedBody(Transport& transport, RequestHead const& head, std::string_view early);

    void limit(std::uint64_t bytes, ErrorCode code) override;
    Task<Result<std::string_view>> next() override;
    void interrupt() override;
    std::string_view trailer(std::string_view name) const override { return decoder_.trailer(name); }

    /// Returns whether the connection can be used after the rest of this body. Call it before the answer is sent, since
    /// the answer must say so. It skips what has arrived, without waiting. The end of a chunked body must be among
    /// that, because nobody can tell how much is left of it or whether it is well-formed; the rest of a body with a
    /// length must be small.
    bool skip_arrived();
    /// Skips the rest, when `skip_arrived` has said that it can be skipped. Returns false when the client does not send
    /// what it announced.
    Task<bool> drain();
    /// When all has been read: the bytes that belong to the next request.
    std::string_view behind() const noexcept { return ready_; }

private:
    Task<Result<void>> fill();
    bool take_arrived();
    std::span<char> room_behind_ready();
    Task<Result<std::string_view>> next_piece();
    Task<Result<std::string_view>> next_of_length();
    Task<Result<std::string_view>> next_chunk();
    bool finished() const noexcept;

    Transport& transport_;
    BodyFraming framing_;
    std::uint64_t left_;  ///< of a body with a length
    bool awaits_continue_;
    bool ended_ = false;  ///< of a chunked body
    bool failed_ = false;
    bool is_pulled_ = false;  ///< `next` is under way
    bool interrupted_ = false;
    std::uint64_t taken_ = 0;
    std::uint64_t limit_ = UINT64_MAX;
    ErrorCode over_limit_ = ErrorCode::body_too_large;
    ChunkedDecoder decoder_;
    std::string_view ready_;  ///< arrived and not yet taken
    BodyBuffer buffer_;
};

}  // namespace clinikk::http
