#pragma once

#include <boost/asio/ip/address.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/request_head.hpp"

/// What proxies say of the client they speak for: X-Forwarded-For, -Proto, -Host and -Prefix. RFC 7239's Forwarded is
/// not read: the proxies in use send X-Forwarded fields by themselves, and two sources could contradict each other.
/// Nothing here may be used of a peer that is not trusted: whoever sends these fields can say anything.
namespace clinikk::http {

/// Addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).
class Network {
public:
    /// `10.0.0.0/8`, `fd00::/8`, or a single address. Empty for anything else, and when bits behind the prefix are set:
    /// that is mostly a slip of the pen.
    static std::optional<Network> parse(std::string_view text);

    bool contains(boost::asio::ip::address const& address) const noexcept;

private:
    std::array<std::uint8_t, 16> bits_{};  ///< IPv4 mapped into IPv6
    unsigned prefix_ = 128;
};

using Networks = std::vector<Network>;

bool contains(Networks const& networks, boost::asio::ip::address const& address) noexcept;

/// An IPv4 address mapped into IPv6 as IPv4; others without their zone, which means nothing to anybody else.
boost::asio::ip::address plain_address(boost::asio::ip::address const& address);

/// The client's address: the rightmost of X-Forwarded-For that is not a trusted proxy's. What cannot be read ends the
/// search, and so does the start of the list: then it is the last proxy that was found, `peer` at least.
boost::asio::ip::address forwarded_client(RequestHead const& head, boost::asio::ip::address const& peer,
                                          Networks const& proxies);

/// `scheme://host[:port][/prefix]` as the client sees it. Each of X-Forwarded-Proto (`http`, `https`), -Host and
/// -Prefix (a path of unreserved characters) counts where it stands once and is just one valid value; otherwise scheme
/// `http`, `authority` and no prefix are taken.
std::string forwarded_base_url(RequestHead const& head, std::string_view authority);

}  // namespace clinikk::http
