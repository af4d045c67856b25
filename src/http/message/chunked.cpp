#include "http/message/chunked.hpp"

#include <algorithm>
#include <array>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr std::uint32_t max_size_digits = 16;  // what fits in 64 bits
constexpr std::uint32_t max_extension = 256;
constexpr std::uint32_t max_trailer = 8192;
constexpr std::size_t max_trailer_fields = 100;

/// Fields that decide how a message is read, where it goes or who sends it. Whoever has read the head has decided that
/// already, so behind the body they do not count.
constexpr std::array<std::string_view, 17> not_in_trailers{
    "Authorization", "Cache-Control",         "Connection", "Content-Encoding", "Content-Length",
    "Content-Range", "Content-Type",          "Cookie",     "Expect",           "Host",
    "Keep-Alive",    "Max-Forwards",          "TE",         "Trailer",          "Transfer-Encoding",
    "Upgrade",       "X-HTTP-Method-Override"};

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view input) {
    using Kind = Step::Kind;
    std::size_t at = 0;
    while (true) {
        if (state_ == State::ended) return {Kind::end, at, {}, {}};
        if (state_ == State::refused) return {Kind::refused, at, {}, reason_};
        if (at == input.size()) return {Kind::need_more, at, {}, {}};
        if (state_ == State::data) {
            auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
            left_ -= size;
            if (left_ == 0) state_ = State::data_cr;
            return {Kind::data, at + size, input.substr(at, size), {}};
        }
        if (take(input[at])) ++at;
    }
}

bool ChunkedDecoder::go(State next_state) noexcept {
    state_ = next_state;
    return true;
}

bool ChunkedDecoder::refuse(std::string_view reason) noexcept {
    state_ = State::refused;
    reason_ = reason;
    return false;
}

bool ChunkedDecoder::take(char c) {
    switch (state_) {
        case State::size:
        case State::size_or_end: return take_size(c);
        case State::extension_blank:
        case State::extension: return take_extension(c);
        case State::size_lf:
            counter_ = 0;
            if (c != '\n') return refuse("A chunk size is not followed by CRLF.");
            return go(left_ == 0 ? State::trailer : State::data);
        case State::data_cr: return c == '\r' ? go(State::data_lf) : refuse("A chunk is longer than its size.");
        case State::data_lf: return c == '\n' ? go(State::size) : refuse("A chunk is longer than its size.");
        default: return take_trailer(c);
    }
}

bool ChunkedDecoder::take_size(char c) noexcept {
    if (int const digit = hex_value(c); digit >= 0) {
        if (++counter_ > max_size_digits) return refuse("A chunk size is too large.");
        left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
        return go(State::size_or_end);
    }
    if (state_ == State::size) return refuse("A chunk size is not a hexadecimal number.");
    counter_ = 1;
    if (c == '\r') return go(State::size_lf);
    if (c == ';') return go(State::extension);
    if (is_blank(c)) return go(State::extension_blank);
    return refuse("A chunk size is not a hexadecimal number.");
}

bool ChunkedDecoder::take_extension(char c) noexcept {
    if (c == '\r' && state_ == State::extension) return go(State::size_lf);
    if (++counter_ > max_extension) return refuse("A chunk extension is too long.");
    if (state_ == State::extension) {
        return !is_forbidden_in_value(c) || refuse("A chunk extension has a control character.");
    }
    if (is_blank(c)) return true;
    return c == ';' ? go(State::extension) : refuse("A chunk size is not a hexadecimal number.");
}

bool ChunkedDecoder::take_trailer(char c) {
    if (++counter_ > max_trailer) return refuse("The trailer section is too large.");
    switch (state_) {
        case State::trailer: return c == '\r' ? go(State::final_lf) : begin_trailer(c);
        case State::trailer_name:
            if (c == ':') return go(State::trailer_value);
            trailers_.back().first += c;
            return is_token_char(c) || refuse("A trailer field has no valid name.");
        case State::trailer_value:
            if (c == '\r') return go(State::trailer_lf);
            trailers_.back().second += c;
            return !is_forbidden_in_value(c) || refuse("A trailer field has a control character.");
        case State::trailer_lf: return c == '\n' ? end_trailer() : refuse("A trailer line does not end with CRLF.");
        default: return c == '\n' ? go(State::ended) : refuse("A trailer line does not end with CRLF.");
    }
}

bool ChunkedDecoder::begin_trailer(char c) {
    if (!is_token_char(c)) return refuse("A trailer field has no valid name.");
    if (++trailer_fields_ > max_trailer_fields) return refuse("There are too many trailer fields.");
    trailers_.emplace_back(std::string(1, c), std::string());
    return go(State::trailer_name);
}

bool ChunkedDecoder::end_trailer() {
    auto& [name, value] = trailers_.back();
    bool const is_forbidden = std::ranges::any_of(
        not_in_trailers, [&](std::string_view forbidden) { return same_ignoring_case(name, forbidden); });
    if (is_forbidden) {
        trailers_.pop_back();
    } else {
        value = std::string(trim_blanks(value));
    }
    return go(State::trailer);
}

std::string_view ChunkedDecoder::trailer(std::string_view name) const noexcept {
    if (state_ != State::ended) return {};
    auto const found =
        std::ranges::find_if(trailers_, [&](auto const& field) { return same_ignoring_case(field.first, name); });
    return found == trailers_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace clinikk::http
