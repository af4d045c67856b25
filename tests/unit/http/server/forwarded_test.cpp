#include "http/server/forwarded.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::http {
namespace {

namespace ip = boost::asio::ip;

Networks networks(std::initializer_list<std::string_view> texts) {
    Networks out;
    for (auto const text : texts) out.push_back(Network::parse(text).value());
    return out;
}

RequestHead head_of(std::initializer_list<Field> fields) {
    RequestHead head;
    head.fields = fields;
    return head;
}

TEST(Network, ReadsCidrNotationStrictly) {
    for (std::string_view const text :
         {"10.0.0.0/8", "127.0.0.1", "0.0.0.0/0", "::1", "fd00::/8", "::/0", "1.2.3.4/32"}) {
        EXPECT_TRUE(Network::parse(text)) << text;
    }
    for (std::string_view const text :
         {"", "/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "proxy",
          "::1/129", "fd00::1/8", "fe80::1%eth0", " 10.0.0.0/8", "10.0.0.0/0008", "[::1]"}) {
        EXPECT_FALSE(Network::parse(text)) << text;
    }
}

TEST(Network, HoldsWhatItsPrefixSays) {
    auto const some = networks({"10.0.0.0/8", "192.168.1.4", "fd00::/8"});
    for (char const* const inside : {"10.255.0.1", "192.168.1.4", "fd12::1", "::ffff:10.1.1.1"}) {
        EXPECT_TRUE(contains(some, ip::make_address(inside))) << inside;
    }
    for (char const* const outside : {"11.0.0.1", "192.168.1.5", "fe00::1", "::1", "::10.0.0.1"}) {
        EXPECT_FALSE(contains(some, ip::make_address(outside))) << outside;
    }
    EXPECT_FALSE(contains(networks({"0.0.0.0/0"}), ip::make_address("::1")));
    EXPECT_FALSE(contains({}, ip::make_address("127.0.0.1")));
}

TEST(ForwardedClient, IsTheRightmostThatIsNotTrusted) {
    auto const trusted = networks({"10.0.0.0/8", "fd00::/8"});
    auto const client = [&](std::initializer_list<Field> fields) {
        return forwarded_client(head_of(fields), ip::make_address("10.0.0.1"), trusted).to_string();
    };
    constexpr std::string_view name = "X-Forwarded-For";
    EXPECT_EQ(client({}), "10.0.0.1");
    EXPECT_EQ(client({{name, "203.0.113.7"}}), "203.0.113.7");
    EXPECT_EQ(client({{name, "1.1.1.1, 203.0.113.7 ,10.2.2.2"}}), "203.0.113.7");
    EXPECT_EQ(client({{name, "1.1.1.1"}, {"X", "y"}, {"x-forwarded-for", "203.0.113.7, 10.2.2.2"}}), "203.0.113.7");
    EXPECT_EQ(client({{name, "203.0.113.7"}, {name, ""}}), "203.0.113.7");
    EXPECT_EQ(client({{name, "10.3.3.3, 10.2.2.2"}}), "10.3.3.3");
    EXPECT_EQ(client({{name, "203.0.113.7:4711"}}), "203.0.113.7");
    EXPECT_EQ(client({{name, "[2001:db8::1]:443"}}), "2001:db8::1");
    EXPECT_EQ(client({{name, "2001:db8::1"}}), "2001:db8::1");
    EXPECT_EQ(client({{name, "::ffff:203.0.113.7"}}), "203.0.113.7");
    // What cannot be read is nobody's address, and neither is what stands before it.
    for (std::string_view const value :
         {"1.1.1.1, unknown, 10.2.2.2", "1.1.1.1, _hidden, 10.2.2.2", "1.1.1.1, 203.0.113, 10.2.2.2",
          "1.1.1.1, fe80::1%eth0, 10.2.2.2", "1.1.1.1, 1.2.3.4:x, 10.2.2.2", "1.1.1.1, \"9.9.9.9\", 10.2.2.2"}) {
        EXPECT_EQ(client({{name, value}}), "10.2.2.2") << value;
    }
}

TEST(ForwardedBaseUrl, TakesValidSingleValuesOnly) {
    auto const url = [](std::initializer_list<Field> fields) {
        return forwarded_base_url(head_of(fields), "inner:8000");
    };
    EXPECT_EQ(url({}), "http://inner:8000");
    EXPECT_EQ(
        url({{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "tv.example:8443"}, {"X-Forwarded-Prefix", "/a/b/"}}),
        "https://tv.example:8443/a/b");
    EXPECT_EQ(url({{"x-forwarded-proto", "HTTPS"}}), "https://inner:8000");
    for (std::string_view const proto : {"", "ftp", "https, http", "javascript", "https://x"}) {
        EXPECT_EQ(url({{"X-Forwarded-Proto", proto}}), "http://inner:8000") << proto;
    }
    for (std::string_view const host :
         {"", "a b", "a, b", "a/b", "u@a", "<b>", "a:99999", "a\"", "a%0d", "[::1", "a>;rel=x"}) {
        EXPECT_EQ(url({{"X-Forwarded-Host", host}}), "http://inner:8000") << host;
    }
    for (std::string_view const prefix : {"", "/", "a", "//a", "/a//b", "/../a", "/a/.", "/a?b", "/a#b", "/a\"b",
                                          "/a>b", "/a%2f", "http://x", "/a b", "/a,/b"}) {
        EXPECT_EQ(url({{"X-Forwarded-Prefix", prefix}}), "http://inner:8000") << prefix;
    }
    EXPECT_EQ(url({{"X-Forwarded-Host", "a"}, {"X-Forwarded-Host", "a"}}), "http://inner:8000");
    auto const long_prefix = "/" + std::string(300, 'a');
    EXPECT_EQ(url({{"X-Forwarded-Prefix", long_prefix}}), "http://inner:8000");
}

}  // namespace
}  // namespace clinikk::http
