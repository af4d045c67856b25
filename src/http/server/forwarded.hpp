#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/request_head.hpp"

/// What proxies state about the client for which they speak: X-Forwarded-For, -Proto, -Host and -Prefix. The Forwarded
/// field of RFC 7239 is not read: the proxies in use send X-Forwarded fields by default, and two sources could
/// contradict each other. Use these functions for trusted peers only, since anyone can send such fields.
namespace clinikk::http {

/// Addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).
class Network {
public:
    /// `10.0.0.0/8`, `fd00::/8`, or a single address. Empty for anything else, and when bits after the prefix are set,
    /// which is mostly a typing error.
    static std::optional<Network> parse(std::string_view text);

    bool contains(boost::asio::ip::address const& address) const noexcept;

private:
    std::array<std::uint8_t, 16> bits_{};  ///< IPv4 mapped into IPv6
    unsigned prefix_ = 128;
};

using Networks = std::vector<Network>;

bool contains(Networks const& networks, boost::asio::ip::address const& address) noexcept;

/// An IPv4 address that is mapped into IPv6 becomes IPv4; other addresses lose their zone, which means nothing
/// elsewhere.
boost::asio::ip::address plain_address(boost::asio::ip::address const& address);

/// The address of the client: the rightmost in X-Forwarded-For that is not a trusted proxy. The search ends at an
/// element that cannot be read and at the start of the list; the result is then the last proxy found, or `peer`.
boost::asio::ip::address forwarded_client(RequestHead const& head, boost::asio::ip::address const& peer,
                                          Networks const& proxies);

/// `scheme://host[:port][/prefix]` as the client sees it. X-Forwarded-Proto (`http`, `https`), -Host and -Prefix (a
/// path of unreserved characters) each count if they are given once with one valid value; the defaults are `http`,
/// `authority` and no prefix.
std::string forwarded_base_url(RequestHead const& head, std::string_view authority);

}  // namespace clinikk::http
