#include "http/message/media_type.hpp"

#include <gtest/gtest.h>

namespace clinikk::http {
namespace {

TEST(MediaType, ReadsTypeAndParameters) {
    auto const type = parse_media_type(" Text/HTML ; Charset=\"UTF-8\";x=\"a\\\"; b\"; ; Y=Z ");
    ASSERT_TRUE(type);
    EXPECT_EQ(type->essence, "text/html");
    EXPECT_EQ(type->charset(), "utf-8");
    EXPECT_EQ(type->parameter("x"), "a\"; b");
    EXPECT_EQ(type->parameter("y"), "Z");
    EXPECT_EQ(type->parameter("z"), "");
}

TEST(MediaType, IsPlainMostly) {
    auto const type = parse_media_type("application/problem+json");
    ASSERT_TRUE(type);
    EXPECT_EQ(type->essence, "application/problem+json");
    EXPECT_TRUE(type->parameters.empty());
    EXPECT_EQ(type->charset(), "");
}

TEST(MediaType, RefusesWhatIsMalformed) {
    for (std::string_view value : {"",
                                   "text",
                                   "text/",
                                   "/html",
                                   "text/html/x",
                                   "te xt/html",
                                   "text/html x",
                                   "text/html,a/b",
                                   "text/html; charset",
                                   "text/html; charset=",
                                   "text/html; =a",
                                   "text/html; a =b",
                                   "text/html; a= b",
                                   "text/html; a=\"b",
                                   "text/html; a=\"b\\",
                                   "text/html; a=b c",
                                   "text/html; a=\"b\"c",
                                   "text/html; a=1; A=2",
                                   "text/html; a=b/c",
                                   "text/html; a=b\"c\"",
                                   "text/html; a=\"b\x01\"",
                                   "text/html; a=\"\\\x01\""}) {
        EXPECT_FALSE(parse_media_type(value)) << value;
    }
}

/// What the fields of these values say together.
bool prefers_gzip(std::initializer_list<std::string_view> values) {
    AcceptedCodings codings;
    for (auto const value : values) codings.add(value);
    return codings.prefer_gzip();
}

TEST(AcceptedCodings, AreOneListOverSeveralFields) {
    EXPECT_TRUE(prefers_gzip({"br", "gzip"}));
    EXPECT_TRUE(prefers_gzip({"identity;q=0.5", "gzip"}));
    EXPECT_FALSE(prefers_gzip({"gzip;q=0.5", "identity"}));
    EXPECT_FALSE(prefers_gzip({"gzip", "br;q=x"}));
    EXPECT_FALSE(prefers_gzip({}));
}

TEST(AcceptedCodings, FollowTheWeights) {
    for (std::string_view value :
         {"gzip", "GZIP", "x-gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "gzip;q=1",
          "gzip;q=0.001", "gzip ; Q=0.5", "gzip;q=1.000", "identity;q=0, *", "*;q=0, gzip", "identity;q=0.5, gzip",
          ",gzip,,", "deflate, gzip;q=1.", "identity, gzip"}) {
        EXPECT_TRUE(prefers_gzip({value})) << value;
    }
    for (std::string_view value : {"",
                                   "br",
                                   "identity",
                                   "gzip;q=0",
                                   "gzip;q=0.000",
                                   "*;q=0",
                                   "gzip;q=0, *",
                                   "gzip;q=x",
                                   "gzip;q=1.001",
                                   "gzip;q=2",
                                   "gzip;q=0.1234",
                                   "gzip;q=-1",
                                   "gzip;q=",
                                   "gzip;x=1",
                                   "g zip",
                                   "identity, gzip;q=0.5",
                                   "gzipx",
                                   "gzip;q=0.5;q=0.5",
                                   "gzip;q=00.5",
                                   "gzip;q=0."}) {
        EXPECT_FALSE(prefers_gzip({value})) << value;
    }
}

TEST(MediaRange, HoldsTypesByNameOrByTheirBeginning) {
    EXPECT_TRUE(is_in_media_range("video/mp4", "video/mp4"));
    EXPECT_TRUE(is_in_media_range("video/mp4", "video/*"));
    EXPECT_TRUE(is_in_media_range("video/mp4", "*/*"));
    EXPECT_FALSE(is_in_media_range("video/mp4", "video/mp2"));
    EXPECT_FALSE(is_in_media_range("videos/mp4", "video/*"));
    EXPECT_FALSE(is_in_media_range("audio/mp4", "video/*"));
    EXPECT_FALSE(is_in_media_range("video/mp4", ""));
}

}  // namespace
}  // namespace clinikk::http
