#include "http/server/forwarded.hpp"

#include <algorithm>
#include <ranges>

#include "http/message/request_target.hpp"
#include "http/message/syntax.hpp"

namespace clinikk::http {

namespace ip = boost::asio::ip;

namespace {

constexpr unsigned all_bits = 128;
constexpr unsigned mapped_prefix = 96;  ///< of IPv4 addresses in IPv6 (RFC 4291 section 2.5.5.2)

std::optional<ip::address> parse_address(std::string_view text) {
    constexpr std::size_t longest = 45;
    if (text.size() > longest || text.find('%') != std::string_view::npos) return std::nullopt;
    boost::system::error_code failure;
    auto const address = ip::make_address(std::string(text), failure);
    return failure ? std::nullopt : std::optional(plain_address(address));
}

std::array<std::uint8_t, 16> bits_of(ip::address const& address) noexcept {
    auto const v6 = address.is_v6() ? address.to_v6() : ip::make_address_v6(ip::v4_mapped, address.to_v4());
    return v6.to_bytes();
}

/// The number of bits that the two have in common at their start.
unsigned common_bits(std::array<std::uint8_t, 16> const& a, std::array<std::uint8_t, 16> const& b) noexcept {
    unsigned bits = 0;
    while (bits < all_bits && ((a[bits / 8] ^ b[bits / 8]) >> (7 - bits % 8) & 1) == 0) ++bits;
    return bits;
}

bool has_bits_behind(std::array<std::uint8_t, 16> const& bits, unsigned prefix) noexcept {
    for (unsigned bit = prefix; bit < all_bits; ++bit) {
        if ((bits[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
    }
    return false;
}

/// Parses an element of X-Forwarded-For: an address, optionally with a port; an IPv6 address is then in brackets.
std::optional<ip::address> parse_hop(std::string_view text) {
    if (text.starts_with('[')) {
        auto const close = text.find(']');
        if (close == std::string_view::npos || !is_authority(text)) return std::nullopt;
        return parse_address(text.substr(1, close - 1));
    }
    auto const colon = text.find(':');
    bool const with_port = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
    if (with_port && !is_authority(text)) return std::nullopt;
    return parse_address(with_port ? text.substr(0, colon) : text);
}

/// Removes the text after the last comma from `rest`, with the comma, and returns it trimmed.
std::string_view take_last_element(std::string_view& rest) noexcept {
    auto const comma = rest.rfind(',');
    auto const element = trim_blanks(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
    return element;
}

/// Returns a path of segments of unreserved characters (RFC 3986 section 2.3), none of them empty, `.` or `..`, without
/// a slash at its end. Empty when `text` is not such a path.
std::string_view valid_prefix(std::string_view text) noexcept {
    constexpr std::size_t longest = 256;
    if (text.size() > longest) return {};
    if (text.ends_with('/')) text.remove_suffix(1);
    auto const whole = text;
    while (!text.empty()) {
        if (text.front() != '/') return {};
        text.remove_prefix(1);
        auto const segment = text.substr(0, text.find('/'));
        bool const unreserved = std::ranges::all_of(segment, [](char c) {
            return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
        });
        if (!unreserved || segment.empty() || segment == "." || segment == "..") return {};
        text.remove_prefix(segment.size());
    }
    return whole;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
    auto const slash = text.find('/');
    auto const address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    Network network;
    network.bits_ = bits_of(*address);
    if (slash == std::string_view::npos) return network;
    auto const before = address->is_v4() ? mapped_prefix : 0;
    auto const digits = text.substr(slash + 1);
    auto const length = parse_digits(digits);
    if (!length || digits.size() > 3 || *length > all_bits - before) return std::nullopt;
    network.prefix_ = before + static_cast<unsigned>(*length);
    if (has_bits_behind(network.bits_, network.prefix_)) return std::nullopt;
    return network;
}

bool Network::contains(ip::address const& address) const noexcept {
    return common_bits(bits_, bits_of(address)) >= prefix_;
}

bool contains(Networks const& networks, ip::address const& address) noexcept {
    return std::ranges::any_of(networks, [&](Network const& network) { return network.contains(address); });
}

ip::address plain_address(ip::address const& address) {
    if (address.is_v4()) return address;
    auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
    v6.scope_id(0);
    return v6;
}

ip::address forwarded_client(RequestHead const& head, ip::address const& peer, Networks const& proxies) {
    auto client = peer;
    for (auto const& field : head.fields | std::views::reverse) {
        if (!same_ignoring_case(field.name, "X-Forwarded-For")) continue;
        for (auto rest = field.value; !rest.empty();) {
            auto const element = take_last_element(rest);
            if (element.empty()) continue;
            auto const hop = parse_hop(element);
            if (!hop) return client;
            client = *hop;
            if (!contains(proxies, client)) return client;
        }
    }
    return client;
}

std::string forwarded_base_url(RequestHead const& head, std::string_view authority) {
    auto const host = head.find_only("X-Forwarded-Host");
    std::string url = same_ignoring_case(head.find_only("X-Forwarded-Proto"), "https") ? "https://" : "http://";
    url += is_authority(host) ? host : authority;
    url += valid_prefix(head.find_only("X-Forwarded-Prefix"));
    return url;
}

}  // namespace clinikk::http
