#include "http/message/multipart.hpp"

#include <algorithm>
#include <cstring>

#include "http/message/parameters.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

using Kind = MultipartParser::Step::Kind;

constexpr std::string_view form_type = "multipart/form-data";

bool is_boundary_char(char c) noexcept {
    char const l = lower(c);
    return (l >= 'a' && l <= 'z') || is_digit(c) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

bool is_boundary(std::string_view text) noexcept {
    constexpr std::size_t longest = 70;
    return !text.empty() && text.size() <= longest && text.back() != ' ' && std::ranges::all_of(text, is_boundary_char);
}

Error malformed(std::string detail) { return {ErrorCode::malformed_multipart, std::move(detail)}; }

}  // namespace

Result<std::string> parse_boundary(std::string_view content_type) {
    content_type = trim_blanks(content_type);
    auto const essence = trim_blanks(content_type.substr(0, content_type.find(';')));
    if (!same_ignoring_case(essence, form_type)) {
        return Error(ErrorCode::unsupported_media_type, "Send the body as multipart/form-data");
    }
    std::optional<std::string> boundary;
    ParameterReader parameter(content_type.substr(essence.size()));
    while (true) {
        auto const outcome = parameter.next();
        if (outcome == ParameterReader::Outcome::end) break;
        if (outcome == ParameterReader::Outcome::malformed) return malformed("The Content-Type field is malformed");
        if (!same_ignoring_case(parameter.name(), "boundary")) continue;
        if (boundary) return malformed("The Content-Type field has several boundaries");
        // Any characters, not only tokens, are accepted without quotes: several clients leave the quotes out.
        if (!is_boundary(parameter.value())) return malformed("The boundary in the Content-Type field is not valid");
        boundary = std::move(parameter.value());
    }
    if (!boundary) return malformed("The Content-Type field has no boundary");
    return std::move(*boundary);
}

MultipartParser::MultipartParser(std::string_view boundary) : delimiter_("\r\n--") { delimiter_ += boundary; }

Result<void> MultipartParser::finish() const {
    if (state_ == State::epilogue) return {};
    if (state_ == State::refused) return malformed(std::string(reason_));
    return malformed("The multipart body ended early: its last boundary is missing");
}

MultipartParser::Step MultipartParser::next(std::string_view input) {
    switch (state_) {
        case State::start: return at_start(input);
        case State::preamble: return in_preamble(input);
        case State::boundary_line: return behind_boundary(input);
        case State::header: return in_header(input);
        case State::data_start: return at_data_start(input);
        case State::data: return in_data(input);
        case State::epilogue: return in_epilogue(input);
        case State::refused: break;
    }
    return refuse(reason_);
}

MultipartParser::Step MultipartParser::refuse(std::string_view reason) noexcept {
    state_ = State::refused;
    reason_ = reason;
    Step step;
    step.kind = Kind::refused;
    step.reason = reason;
    return step;
}

// memmem works in linear time on any input; the delimiter's only CR is its first byte, so that only what follows the
// input's last CR can be the beginning of one.
MultipartParser::Search MultipartParser::find_delimiter(std::string_view input) const noexcept {
    auto const* const hit = memmem(input.data(), input.size(), delimiter_.data(), delimiter_.size());
    if (hit != nullptr) return {true, static_cast<std::size_t>(static_cast<char const*>(hit) - input.data())};
    auto const tail = input.substr(input.size() - std::min(input.size(), delimiter_.size() - 1));
    auto const last = tail.rfind('\r');
    bool const begins = last != std::string_view::npos && std::string_view(delimiter_).starts_with(tail.substr(last));
    return {false, begins ? input.size() - (tail.size() - last) : input.size()};
}

/// The first boundary may be at the very start, without the CRLF that otherwise belongs to it.
MultipartParser::Step MultipartParser::at_start(std::string_view input) {
    auto const first = dash_boundary();
    if (input.size() < first.size() && first.starts_with(input)) return {};
    if (!input.starts_with(first)) {
        state_ = State::preamble;
        return in_preamble(input);
    }
    state_ = State::boundary_line;
    auto step = behind_boundary(input.substr(first.size()));
    step.consumed += first.size();
    return step;
}

MultipartParser::Step MultipartParser::in_preamble(std::string_view input) {
    auto const search = find_delimiter(input);
    skipped_ += search.before;
    if (skipped_ > max_preamble) return refuse("The multipart body does not begin with its boundary.");
    Step step;
    step.consumed = search.before;
    if (!search.found) return step;
    state_ = State::boundary_line;
    skipped_ = 0;
    auto const used = search.before + delimiter_.size();
    step = behind_boundary(input.substr(used));
    step.consumed += used;
    return step;
}

MultipartParser::Step MultipartParser::behind_boundary(std::string_view input) {
    Step step;
    while (step.consumed < input.size() && is_blank(input[step.consumed])) {
        ++step.consumed;
        if (++skipped_ > max_padding) return refuse("A boundary is followed by too much white space.");
    }
    auto const rest = input.substr(step.consumed);
    bool const may_close = skipped_ == 0;
    if (rest.empty() || rest == "\r" || (may_close && rest == "-")) return step;
    if (may_close && rest.starts_with("--")) {
        state_ = State::epilogue;
        step.kind = Kind::end;
        step.consumed += 2;
        return step;
    }
    if (!rest.starts_with("\r\n")) return refuse("A boundary is followed by other text.");
    if (++parts_ > max_parts) return refuse("The multipart body has too many parts.");
    state_ = State::header;
    skipped_ = 0;
    scanned_ = 0;
    auto const used = step.consumed + 2;
    step = in_header(input.substr(used));
    step.consumed += used;
    return step;
}

MultipartParser::Step MultipartParser::in_header(std::string_view input) {
    constexpr std::string_view empty_line = "\r\n\r\n";
    if (input.starts_with("\r\n")) return refuse("A part has no Content-Disposition field.");
    auto const end = input.find(empty_line, scanned_);
    bool const found = end != std::string_view::npos;
    if (found ? end > max_part_header : input.size() >= least_buffer) return refuse("A part's header is too large.");
    Step step;
    if (!found) {
        scanned_ = input.size() - std::min(input.size(), empty_line.size() - 1);
        return step;
    }
    auto const reason = parse_part_header(input.substr(0, end), step.part);
    if (!reason.empty()) return refuse(reason);
    state_ = State::data_start;
    step.kind = Kind::part_begin;
    step.consumed = end + empty_line.size();
    return step;
}

/// A part without a body: the empty line after its fields is the CRLF of the delimiter (RFC 2046 section 5.1.1).
MultipartParser::Step MultipartParser::at_data_start(std::string_view input) {
    auto const first = dash_boundary();
    Step step;
    if (input.size() < first.size() && first.starts_with(input)) return step;
    state_ = State::data;
    if (!input.starts_with(first)) return in_data(input);
    state_ = State::boundary_line;
    skipped_ = 0;
    step.kind = Kind::part_end;
    step.consumed = first.size();
    return step;
}

MultipartParser::Step MultipartParser::in_data(std::string_view input) {
    Step step;
    auto const search = find_delimiter(input);
    step.consumed = search.before;
    if (search.before > 0) {
        step.kind = Kind::data;
        step.data = input.substr(0, search.before);
    } else if (search.found) {
        state_ = State::boundary_line;
        skipped_ = 0;
        step.kind = Kind::part_end;
        step.consumed = delimiter_.size();
    }
    return step;
}

MultipartParser::Step MultipartParser::in_epilogue(std::string_view input) {
    skipped_ += input.size();
    if (skipped_ > max_epilogue) return refuse("The multipart body does not end behind its last boundary.");
    Step step;
    step.kind = Kind::end;
    step.consumed = input.size();
    return step;
}

}  // namespace clinikk::http
