#include "http/message/range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::http {
namespace {

using Kind = RangeOutcome::Kind;

/// `whole`, `none`, or the ranges as `first-last`.
std::string read(std::string_view value, std::uint64_t size = 1000) {
    auto const outcome = parse_range(value, size);
    if (outcome.kind == Kind::whole) return "whole";
    if (outcome.kind == Kind::unsatisfiable) return "none";
    std::string text;
    for (auto const& range : outcome.ranges()) {
        if (!text.empty()) text += ' ';
        text += std::to_string(range.offset) + "-" + std::to_string(range.offset + range.length - 1);
    }
    return text;
}

TEST(Range, ReadsOneRange) {
    EXPECT_EQ(read("bytes=0-0"), "0-0");
    EXPECT_EQ(read("bytes=0-499"), "0-499");
    EXPECT_EQ(read("bytes=500-"), "500-999");
    EXPECT_EQ(read("bytes=-1"), "999-999");
    EXPECT_EQ(read("bytes=-1000"), "0-999");
    EXPECT_EQ(read("bytes=-1001"), "0-999");
    EXPECT_EQ(read("bytes=999-999"), "999-999");
    EXPECT_EQ(read("bytes=999-5000"), "999-999");
    EXPECT_EQ(read("BYTES=0-1"), "0-1");
    EXPECT_EQ(read("bytes= 0-1 "), "0-1");
    EXPECT_EQ(read("bytes=,0-1,,"), "0-1");
}

TEST(Range, TakesNumbersThatDoNotFitForLargeOnes) {
    EXPECT_EQ(read("bytes=1-99999999999999999999999"), "1-999");
    EXPECT_EQ(read("bytes=-99999999999999999999999"), "0-999");
    EXPECT_EQ(read("bytes=99999999999999999999999-"), "none");
    EXPECT_EQ(read("bytes=0-18446744073709551615", UINT64_MAX), "0-18446744073709551614");
    EXPECT_EQ(read("bytes=18446744073709551614-", UINT64_MAX), "18446744073709551614-18446744073709551614");
}

TEST(Range, IgnoresWhatIsMalformed) {
    for (std::string_view value :
         {"",          "bytes",      "bytes=",      "bytes=,",       "bytes=-",      "bytes=a-b",    "bytes=1",
          "bytes=2-1", "bytes=0--1", "bytes=0-1-2", "bytes=+0-1",    "bytes=0x0-1",  "bytes 0-1",    "bytes =0-1",
          "items=0-1", "bytes=0- 1", "bytes=0 -1",  "bytes=0-1;2-3", "bytes=0-1, a", "bytes=a, 0-1", "bytes=5000-4000",
          "0-1"}) {
        EXPECT_EQ(read(value), "whole") << value;
    }
}

TEST(Range, KnowsWhatIsNotThere) {
    EXPECT_EQ(read("bytes=1000-"), "none");
    EXPECT_EQ(read("bytes=1000-2000, 3000-"), "none");
    EXPECT_EQ(read("bytes=-0"), "none");
    EXPECT_EQ(read("bytes=0-", 0), "none");
    EXPECT_EQ(read("bytes=-0", 0), "none");
    EXPECT_EQ(read("bytes=-5", 0), "whole");
    EXPECT_EQ(read("bytes=1000-, 0-1, -0"), "0-1");
}

TEST(Range, PutsSeveralInOrder) {
    EXPECT_EQ(read("bytes=0-1,4-5"), "0-1 4-5");
    EXPECT_EQ(read("bytes=4-5 ,\t0-1"), "0-1 4-5");
    EXPECT_EQ(read("bytes=-1,0-0"), "0-0 999-999");
    EXPECT_EQ(read("bytes=0-1,2-3"), "0-3");
    EXPECT_EQ(read("bytes=0-9,5-20"), "0-20");
    EXPECT_EQ(read("bytes=0-99,5-20,200-"), "0-99 200-999");
    EXPECT_EQ(read("bytes=5-5,5-5,5-5"), "5-5");
    EXPECT_EQ(read("bytes=500-,0-,-1"), "0-999");
}

TEST(Range, TakesSixteenAtMost) {
    std::string value = "bytes=0-0";
    std::string expected = "0-0";
    for (int i = 1; i < 16; ++i) {
        value += "," + std::to_string(i * 2) + "-" + std::to_string(i * 2);
        expected += " " + std::to_string(i * 2) + "-" + std::to_string(i * 2);
    }
    EXPECT_EQ(read(value), expected);
    EXPECT_EQ(read(value + ",900-"), "whole");
    EXPECT_EQ(read(value + ",5000-"), "whole");
    EXPECT_EQ(read(value + ",,"), expected);
}

TEST(Range, WritesContentRange) {
    EXPECT_EQ(format_content_range({0, 1}, 1), "bytes 0-0/1");
    EXPECT_EQ(format_content_range({500, 500}, 1234), "bytes 500-999/1234");
    EXPECT_EQ(format_unsatisfied(0), "bytes */0");
    EXPECT_EQ(format_unsatisfied(1234), "bytes */1234");
}

}  // namespace
}  // namespace clinikk::http
