#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/chunked.hpp"
#include "http/request.hpp"
#include "http/transport.hpp"

namespace clinikk::http {

/// The body of one request as its framing delimits it (RFC 9112 section 6), read from the connection as it is
/// pulled.
class FramedBody : public RequestBody {
public:
    /// `early`: what arrived together with the head; it must outlive this.
    FramedBody(Transport& transport, RequestHead const& head, std::string_view early);

    void limit(std::uint64_t bytes, ErrorCode code) override;
    Task<Result<std::string_view>> next() override;

    /// Whether the rest may be read past cheaply, so that the connection can be kept.
    bool worth_draining() const noexcept;
    /// Reads past the rest; false when it cannot be.
    Task<bool> drain();
    /// When all has been read: bytes that belong to the next request.
    std::string_view behind() const noexcept { return ready_; }

private:
    Task<Result<void>> fill();
    Task<Result<std::string_view>> next_of_length();
    Task<Result<std::string_view>> next_chunk();
    bool finished() const noexcept;

    Transport& transport_;
    BodyFraming framing_;
    std::uint64_t left_;  ///< of a body with a length
    bool awaits_continue_;
    bool ended_ = false;  ///< of a chunked body
    bool failed_ = false;
    std::uint64_t taken_ = 0;
    std::uint64_t limit_ = UINT64_MAX;
    ErrorCode over_limit_ = ErrorCode::body_too_large;
    ChunkedDecoder decoder_;
    std::string_view ready_;  ///< arrived and not yet taken
    std::unique_ptr<char[]> buffer_;
};

}  // namespace clinikk::http
