#include "http/message/parameters.hpp"

#include "http/message/syntax.hpp"

namespace clinikk::http {

ParameterReader::Outcome ParameterReader::next() {
    while (true) {
        rest_ = trim_blanks(rest_);
        if (rest_.empty()) return Outcome::end;
        if (rest_.front() != ';') return Outcome::malformed;
        rest_ = trim_blanks(rest_.substr(1));
        if (!rest_.empty() && rest_.front() != ';') break;
    }
    auto const mark = rest_.find('=');
    if (mark == std::string_view::npos || !is_token(rest_.substr(0, mark))) return Outcome::malformed;
    name_ = rest_.substr(0, mark);
    rest_.remove_prefix(mark + 1);
    value_.clear();
    quoted_ = rest_.starts_with('"');
    bool const valid = quoted_ ? read_quoted() : read_plain();
    return valid ? Outcome::parameter : Outcome::malformed;
}

bool ParameterReader::read_quoted() {
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
        char c = rest_[at];
        if (is_forbidden_in_value(c)) return false;
        char const following = at + 1 < rest_.size() ? rest_[at + 1] : '\0';
        bool const escapes = c == '\\' && (escapes_ == Escapes::any || following == '"' || following == '\\');
        if (escapes) {
            if (at + 1 == rest_.size() || is_forbidden_in_value(following)) return false;
            c = following;
            ++at;
        } else if (escapes_ == Escapes::quotes && rest_.substr(at, 3) == "%22") {
            c = '"';
            at += 2;
        }
        value_ += c;
    }
    if (at >= rest_.size()) return false;
    rest_.remove_prefix(at + 1);
    return true;
}

bool ParameterReader::read_plain() {
    std::size_t at = 0;
    while (at < rest_.size() && rest_[at] != ';' && !is_blank(rest_[at])) {
        if (rest_[at] == '"' || is_forbidden_in_value(rest_[at])) return false;
        ++at;
    }
    value_ = rest_.substr(0, at);
    rest_.remove_prefix(at);
    return !value_.empty();
}

}  // namespace clinikk::http
