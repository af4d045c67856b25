#include "http/message/rate_limit.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace clinikk::http {
namespace {

std::string written(std::vector<Quota> const& quotas) {
    HeaderBlock headers;
    for (auto const& quota : quotas) add_rate_limit(headers, quota);
    return std::string(headers.text());
}

TEST(RateLimitFields, AreListsOfAStringWithParameters) {
    EXPECT_EQ(written({{"requests", 100, std::chrono::seconds(10), 42, std::chrono::seconds(6)}}),
              "RateLimit-Policy: \"requests\";q=100;w=10\r\nRateLimit: \"requests\";r=42;t=6\r\n");
}

TEST(RateLimitFields, HaveALineForEachLimit) {
    EXPECT_EQ(written({{"login", 10, std::chrono::hours(1), 0, std::chrono::seconds(5)},
                       {"requests", 1, std::chrono::seconds(1), 0, std::chrono::seconds(1)}}),
              "RateLimit-Policy: \"login\";q=10;w=3600\r\nRateLimit: \"login\";r=0;t=5\r\n"
              "RateLimit-Policy: \"requests\";q=1;w=1\r\nRateLimit: \"requests\";r=0;t=1\r\n");
}

TEST(RateLimitFields, HoldTheLargestNumbers) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    auto const text =
        written({{"sixteen-letters-", most, std::chrono::seconds(most), most, std::chrono::seconds(most)}});
    EXPECT_NE(text.find(";q=9223372036854775807;w=9223372036854775807\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find(";r=9223372036854775807;t=9223372036854775807\r\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace clinikk::http
