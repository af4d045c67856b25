#include "http/message/request_target.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "http/message/syntax.hpp"

namespace clinikk::http {
namespace {

bool is_name_char(char c) noexcept {
    char const l = lower(c);
    return (l >= 'a' && l <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_ipv6(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> zero_terminated{};
    if (text.size() >= zero_terminated.size()) return false;
    std::ranges::copy(text, zero_terminated.begin());
    in6_addr address{};
    return inet_pton(AF_INET6, zero_terminated.data(), &address) == 1;
}

/// Empty, or `:` and an optional port.
bool is_port_suffix(std::string_view text) noexcept {
    if (text.empty()) return true;
    if (text.front() != ':') return false;
    text.remove_prefix(1);
    if (text.empty()) return true;
    auto const port = parse_digits(text);
    return port && *port <= 65535;
}

void split_query(std::string_view text, RequestHead& head) {
    auto const mark = text.find('?');
    head.path = text.substr(0, mark);
    head.query = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
    if (head.path.empty()) head.path = "/";
}

/// What follows `http://` or `https://`; a null view when the target begins with neither.
std::string_view after_scheme(std::string_view target) noexcept {
    for (std::string_view const scheme : {"http://", "https://"}) {
        if (same_ignoring_case(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
    }
    return {};
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        return close != std::string_view::npos && is_ipv6(text.substr(1, close - 1)) &&
               is_port_suffix(text.substr(close + 1));
    }
    auto const name_end = std::ranges::find_if_not(text, is_name_char);
    auto const length = static_cast<std::size_t>(name_end - text.begin());
    return length > 0 && length <= 255 && is_port_suffix(text.substr(length));
}

std::string_view split_target(RequestHead& head) {
    auto const target = head.target;
    if (target.starts_with('/')) {
        split_query(target, head);
        return {};
    }
    if (target == "*") {
        if (head.method != Method::options) return "The request target * is for OPTIONS only.";
        head.path = target;
        return {};
    }
    auto const rest = after_scheme(target);
    if (rest.data() == nullptr) return "The request target is neither a path nor an http URL.";
    auto const authority = rest.substr(0, rest.find_first_of("/?"));
    if (!is_authority(authority)) return "The request target has no valid host.";
    head.host = authority;
    split_query(rest.substr(authority.size()), head);
    return {};
}

std::optional<std::string> decode_path(std::string_view segment) { return percent_decode(segment, Plus::literal); }

}  // namespace clinikk::http
