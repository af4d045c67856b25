#include "http/message/request_head.hpp"

#include <algorithm>

#include "http/message/framing_fields.hpp"
#include "http/message/request_target.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

constexpr std::ptrdiff_t max_method = 32;
constexpr int max_empty_lines = 2;

constexpr bool is_target_char(char c) noexcept { return c > ' ' && c < 0x7F && c != '#'; }

/// The first character that is not of the kind, or `end`.
template <auto IsKind>
char const* skip(char const* at, char const* end) noexcept {
    while (at != end && IsKind(*at)) ++at;
    return at;
}

/// Reads from left to right and decides at the first byte that settles a question, so that the result does not depend
/// on how much of the input has arrived. Every step returns whether to continue; if not, the result is set.
class HeadParser {
public:
    HeadParser(std::string_view buffer, HeadLimits const& limits, RequestHead& out) noexcept
        : begin_(buffer.data()),
          buffer_end_(begin_ + buffer.size()),
          at_(begin_),
          end_(buffer_end_),
          limits_(limits),
          head_(out) {}

    HeadOutcome run();

private:
    bool skip_empty_lines() noexcept;
    bool read_request_line() noexcept;
    bool read_method() noexcept;
    bool read_target() noexcept;
    bool read_version() noexcept;
    bool interpret_request_line(char major, char minor) noexcept;
    bool read_fields();
    bool read_field();
    bool read_line_end(std::string_view reason) noexcept;

    void limit_line(std::size_t limit) noexcept;
    void limit_section(std::size_t limit) noexcept;
    bool run_out() noexcept;
    bool refuse(ErrorCode code, std::string_view reason) noexcept;
    bool refuse(std::string_view reason) noexcept { return refuse(ErrorCode::bad_request, reason); }

    char const* begin_;
    char const* buffer_end_;
    char const* at_;
    char const* end_;            ///< how far to look: a limit may lie before the end of the buffer
    bool limit_passed_ = false;  ///< reaching `end` means that the limit has been passed
    ErrorCode limit_code_ = ErrorCode::bad_request;
    HeadLimits const& limits_;
    RequestHead& head_;
    FramingFields framing_;
    HeadOutcome outcome_;
};

HeadOutcome HeadParser::run() {
    head_.host = {};
    head_.query = {};
    head_.framing = BodyFraming::none;
    head_.content_length = 0;
    head_.fields.clear();
    if (!skip_empty_lines() || !read_request_line() || !read_fields()) return outcome_;
    if (auto const refusal = framing_.settle(head_)) {
        refuse(refusal.code, refusal.reason);
        return outcome_;
    }
    outcome_.kind = HeadOutcome::Kind::complete;
    outcome_.consumed = static_cast<std::size_t>(at_ - begin_);
    return outcome_;
}

bool HeadParser::refuse(ErrorCode code, std::string_view reason) noexcept {
    outcome_.kind = HeadOutcome::Kind::refused;
    outcome_.code = code;
    outcome_.reason = reason;
    return false;
}

bool HeadParser::run_out() noexcept {
    if (!limit_passed_) return false;  // need_more
    return limit_code_ == ErrorCode::uri_too_long ? refuse(limit_code_, "The request line is too long.")
                                                  : refuse(limit_code_, "The header fields are too large.");
}

/// The line may have `limit` bytes, then its CRLF.
void HeadParser::limit_line(std::size_t limit) noexcept {
    auto const left = static_cast<std::size_t>(buffer_end_ - at_);
    limit_code_ = ErrorCode::uri_too_long;
    limit_passed_ = left > limit && at_[limit] != '\r';
    end_ = at_ + std::min(left, limit_passed_ ? limit + 1 : limit + 2);
}

void HeadParser::limit_section(std::size_t limit) noexcept {
    auto const left = static_cast<std::size_t>(buffer_end_ - at_);
    limit_code_ = ErrorCode::headers_too_large;
    limit_passed_ = left > limit;
    end_ = at_ + std::min(left, limit);
}

bool HeadParser::read_line_end(std::string_view reason) noexcept {
    if (at_ == end_) return run_out();
    if (*at_ != '\r') return refuse(*at_ == '\n' ? "A line ends with a bare LF." : reason);
    if (at_ + 1 == end_) return run_out();
    if (at_[1] != '\n') return refuse("A CR is not followed by LF.");
    at_ += 2;
    return true;
}

bool HeadParser::skip_empty_lines() noexcept {
    for (int lines = 0; at_ != end_ && *at_ == '\r'; ++lines) {
        if (lines == max_empty_lines) return refuse("There are too many empty lines before the request.");
        if (!read_line_end({})) return false;
    }
    return true;
}

bool HeadParser::read_request_line() noexcept {
    limit_line(limits_.request_line);
    return read_method() && read_target() && read_version();
}

bool HeadParser::read_method() noexcept {
    auto const* const from = at_;
    at_ = skip<is_token_char>(from, end_);
    if (at_ - from > max_method) return refuse(ErrorCode::not_implemented, "The method is not known.");
    if (at_ == end_) return run_out();
    if (*at_ != ' ' || at_ == from) return refuse("The request does not begin with a method and a space.");
    head_.method_name = {from, at_};
    head_.method = parse_method(head_.method_name);
    ++at_;
    return true;
}

bool HeadParser::read_target() noexcept {
    auto const* const from = at_;
    at_ = skip<is_target_char>(from, end_);
    if (at_ == end_) return run_out();
    if (*at_ == '#') return refuse("The request target has a fragment.");
    if (*at_ != ' ' || at_ == from) return refuse("The request target is empty or has a character it may not have.");
    head_.target = {from, at_};
    ++at_;
    return true;
}

bool HeadParser::read_version() noexcept {
    constexpr std::string_view name = "HTTP/";
    constexpr std::string_view reason = "The HTTP version is malformed.";
    for (char const c : name) {
        if (at_ == end_) return run_out();
        if (*at_ != c) return refuse(reason);
        ++at_;
    }
    auto const* const digits = at_;
    for (int i = 0; i < 3; ++i, ++at_) {
        if (at_ == end_) return run_out();
        if (i == 1 ? *at_ != '.' : !is_digit(*at_)) return refuse(reason);
    }
    return read_line_end(reason) && interpret_request_line(digits[0], digits[2]);
}

bool HeadParser::interpret_request_line(char major, char minor) noexcept {
    if (major != '1' || minor > '1') {
        return refuse(ErrorCode::version_not_supported, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    }
    head_.version = minor == '1' ? Version::http_1_1 : Version::http_1_0;
    if (head_.method == Method::connect) return refuse(ErrorCode::not_implemented, "CONNECT is not offered here.");
    auto const reason = split_target(head_);
    return reason.empty() || refuse(reason);
}

bool HeadParser::read_fields() {
    limit_section(limits_.header_bytes);
    while (true) {
        if (at_ == end_) return run_out();
        if (*at_ == '\r') return read_line_end({});
        if (head_.fields.size() == limits_.fields) {
            return refuse(ErrorCode::headers_too_large, "There are too many header fields.");
        }
        if (!read_field()) return false;
    }
}

bool HeadParser::read_field() {
    auto const* const name = at_;
    at_ = skip<is_token_char>(name, end_);
    if (at_ == end_) return run_out();
    if (*at_ != ':' || at_ == name) {
        bool const folded = at_ == name && is_blank(*at_);
        return refuse(folded ? "A header field is folded over several lines." : "A header field has no valid name.");
    }
    std::string_view const field_name(name, at_);
    auto const* const value = skip<is_blank>(at_ + 1, end_);
    at_ = find_forbidden_in_value(value, end_);
    auto const* value_end = at_;
    if (!read_line_end("A header field has a control character.")) return false;
    while (value_end != value && is_blank(value_end[-1])) --value_end;
    auto const& field = head_.fields.emplace_back(Field{field_name, {value, value_end}});
    auto const refusal = framing_.note(field);
    return !refusal || refuse(refusal.code, refusal.reason);
}

}  // namespace

std::string_view RequestHead::find(std::string_view name) const noexcept {
    for (auto const& field : fields) {
        if (same_ignoring_case(field.name, name)) return field.value;
    }
    return {};
}

std::string_view RequestHead::find_only(std::string_view name) const noexcept {
    std::string_view value;
    for (auto const& field : fields) {
        if (!same_ignoring_case(field.name, name)) continue;
        if (value.data() != nullptr) return {};
        value = field.value;
    }
    return value;
}

HeadOutcome parse_request_head(std::string_view buffer, HeadLimits const& limits, RequestHead& out) {
    return HeadParser(buffer, limits, out).run();
}

}  // namespace clinikk::http
