#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clinikk::http {

/// Reads the parameters behind a media type or a disposition type: `*( OWS ";" OWS [ name "=" value ] )` (RFC 9110
/// section 5.6.6).
class ParameterReader {
public:
    /// What a backslash in a quoted string means. `any`: it escapes whatever follows (RFC 9110 section 5.6.4).
    /// `quotes`: it escapes a quote or a backslash and is itself before all else, and `%22` is a quote: clients write
    /// names of files as they are, `C:\clip.mp4` too (WHATWG HTML, multipart/form-data encoding algorithm).
    enum class Escapes : std::uint8_t { any, quotes };

    enum class Outcome : std::uint8_t { parameter, end, malformed };

    /// `text` begins behind the type and must outlive this.
    explicit ParameterReader(std::string_view text, Escapes escapes = Escapes::any) noexcept
        : rest_(text), escapes_(escapes) {}

    /// Goes to the next parameter.
    Outcome next();

    /// As sent; a token.
    std::string_view name() const noexcept { return name_; }

    /// Without quotes and escapes. One that was not quoted has at least one character and neither white space, ";",
    /// nor a quote; it need not be a token.
    std::string& value() noexcept { return value_; }

    bool quoted() const noexcept { return quoted_; }

private:
    bool read_quoted();
    bool read_plain();

    std::string_view rest_;
    Escapes escapes_;
    std::string_view name_{};
    std::string value_{};
    bool quoted_ = false;
};

}  // namespace clinikk::http
