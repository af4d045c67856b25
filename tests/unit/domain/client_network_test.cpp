#include "domain/client_network.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(ClientNetwork, AnIpv4AddressIsOneClient) {
    EXPECT_EQ(client_network("192.0.2.7"), "192.0.2.7");
    EXPECT_NE(client_network("192.0.2.7"), client_network("192.0.2.8"));
    EXPECT_EQ(client_network("::ffff:192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(client_network("::FFFF:c000:207"), "192.0.2.7");
}

TEST(ClientNetwork, Ipv6AddressesCountByTheirFirst64Bits) {
    EXPECT_EQ(client_network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(client_network("2001:db8:1:2:ffff:ffff:ffff:ffff"), "2001:db8:1:2::/64");
    EXPECT_EQ(client_network("2001:0DB8:0001:0002::"), "2001:db8:1:2::/64");
    EXPECT_NE(client_network("2001:db8:1:3::"), client_network("2001:db8:1:2::"));
    EXPECT_EQ(client_network("fe80::1%eth0"), "fe80::/64");
    EXPECT_EQ(client_network("::1"), "::/64");
}

TEST(ClientNetwork, WhatIsNoAddressStandsForItself) {
    for (auto const* const text : {"", "unknown", "192.0.2.7:80", "1.2.3", "[::1]", "%", "2001:db8::1/64"}) {
        EXPECT_EQ(client_network(text), text);
    }
}

}  // namespace
}  // namespace clinikk
