#include "domain/client_network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace clinikk {
namespace {

constexpr std::array<unsigned char, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string text_of(int family, void const* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, bytes, text.data(), text.size());
}

}  // namespace

std::string client_network(std::string_view address) {
    // The zone names an interface of this host; it says nothing about the client.
    std::string const text(address.substr(0, address.find('%')));
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::string(address);
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin())) {
        return text_of(AF_INET, bytes.data() + mapped_prefix.size());
    }
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return text_of(AF_INET6, bytes.data()) + "/64";
}

}  // namespace clinikk
