#pragma once

#include <string>
#include <string_view>

namespace clinikk {

/// The network of a client: an IPv4 address, or the first 64 bits of an IPv6 address, because whoever has one address
/// of such a network has all of them (RFC 4291 section 2.5.4, RFC 6177). An IPv4 address that is mapped into IPv6
/// counts as the IPv4 address. Text that is not an address is returned unchanged.
std::string client_network(std::string_view address);

}  // namespace clinikk
