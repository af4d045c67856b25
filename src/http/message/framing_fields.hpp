#pragma once

#include <cstddef>
#include <string_view>

#include "http/message/request_head.hpp"

namespace clinikk::http {

/// The fields that decide how a request is read and whether the connection lives on: Host, Content-Length,
/// Transfer-Encoding, Connection, Expect. Told each field as it is parsed, asked for the outcome at the end. Of other
/// fields that stand once a second one is refused: programs on the way differ in which of two they believe.
class FramingFields {
public:
    struct Refusal {
        ErrorCode code = ErrorCode::bad_request;
        std::string_view reason{};  ///< empty: not refused

        explicit operator bool() const noexcept { return !reason.empty(); }
    };

    /// Refuses what is wrong with this field whatever follows.
    Refusal note(Field const& field) noexcept;

    /// Refuses what does not fit together, else sets host, framing, length, keep_alive and expect_continue.
    /// `head.version`, and `head.host` of an absolute-form target, are set already.
    Refusal settle(RequestHead& head) const noexcept;

private:
    Refusal note_single(std::uint8_t bit, std::string_view reason) noexcept;
    Refusal note_host(std::string_view value) noexcept;
    Refusal note_length(std::string_view value) noexcept;
    Refusal note_coding(std::string_view value) noexcept;
    void note_connection(std::string_view value) noexcept;
    void note_expect(std::string_view value) noexcept;
    Refusal settle_framing(RequestHead& head) const noexcept;

    std::uint8_t seen_once_ = 0;  ///< a bit for each field that `note_single` knows
    std::string_view host_{};
    std::uint64_t length_ = 0;
    bool has_host_ = false;
    bool has_length_ = false;
    bool has_coding_ = false;
    bool chunked_ = false;
    bool other_coding_ = false;
    bool close_ = false;
    bool keep_alive_ = false;
    bool expects_continue_ = false;
    bool expects_other_ = false;
};

}  // namespace clinikk::http
