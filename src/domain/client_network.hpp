#pragma once

#include <string>
#include <string_view>

namespace clinikk {

/// What one client, or those who share a connection, can speak from: an IPv4 address, or the first 64 bits of an IPv6
/// address, since whoever has one of them has all that begin so (RFC 4291 section 2.5.4, RFC 6177). An IPv4 address
/// mapped into IPv6 is the IPv4 address. What is no address stands for itself.
std::string client_network(std::string_view address);

}  // namespace clinikk
