#include "http/message/form_urlencoded.hpp"

#include <gtest/gtest.h>

namespace clinikk::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void expect_refused(std::string_view text) {
    auto const pairs = parse_form(text);
    ASSERT_FALSE(pairs) << text;
    EXPECT_EQ(pairs.error().code, ErrorCode::bad_request);
}

TEST(FormUrlencoded, DecodesPairs) {
    EXPECT_EQ(parse_form("").value(), Pairs{});
    EXPECT_EQ(parse_form("a=1&b=2").value(), (Pairs{{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(parse_form("a=1&a=2").value(), (Pairs{{"a", "1"}, {"a", "2"}}));
    EXPECT_EQ(parse_form("a&b=&=c&=").value(), (Pairs{{"a", ""}, {"b", ""}, {"", "c"}, {"", ""}}));
    EXPECT_EQ(parse_form("&&a=1&&").value(), (Pairs{{"a", "1"}}));
    EXPECT_EQ(parse_form("a=b=c%3D").value(), (Pairs{{"a", "b=c="}}));
    EXPECT_EQ(parse_form("a+b=c+%2B+d").value(), (Pairs{{"a b", "c + d"}}));
    EXPECT_EQ(parse_form("%C3%A4=\xC3\xA4;").value(), (Pairs{{"\xC3\xA4", "\xC3\xA4;"}}));
}

TEST(FormUrlencoded, RefusesWhatIsNoText) {
    for (std::string_view text : {"a=%", "a=%4", "a=%zz", "%=1", "a=%00", "a=%FF", "a=\xFF", "a=1&b=%C3"}) {
        expect_refused(text);
    }
}

TEST(FormUrlencoded, TakesAThousandPairs) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "a=1&";
    EXPECT_EQ(parse_form(text).value().size(), 1000U);
    expect_refused(text + "a=1");
}

}  // namespace
}  // namespace clinikk::http
