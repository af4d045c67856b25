#include "http/message/conditional.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace clinikk::http {
namespace {

using enum Precondition;
using Fields = std::vector<Field>;

constexpr std::string_view etag = "\"abc\"";
constexpr std::string_view earlier = "Sun, 01 Mar 2026 11:59:59 GMT";
constexpr std::string_view same = "Sun, 01 Mar 2026 12:00:00 GMT";
constexpr std::string_view later = "Sun, 01 Mar 2026 12:00:01 GMT";

Validators validators() {
    using namespace std::chrono;
    // With a fraction of a second, which no HTTP date can tell.
    return {etag, sys_days(2026y / March / 1) + 12h + 345678us};
}

RequestHead request(Fields fields, Method method) {
    RequestHead head;
    head.method = method;
    head.fields = std::move(fields);
    return head;
}

Precondition outcome(Fields fields, Method method = Method::get) {
    return evaluate(request(std::move(fields), method), validators());
}

bool range_holds(Fields fields) { return if_range_holds(request(std::move(fields), Method::get), validators()); }

TEST(Conditional, ProceedsWithoutConditions) {
    EXPECT_EQ(outcome({}), proceed);
    EXPECT_EQ(outcome({{"Range", "bytes=0-1"}}, Method::put), proceed);
}

TEST(Conditional, IfMatchComparesStrongly) {
    EXPECT_EQ(outcome({{"If-Match", "\"abc\""}}), proceed);
    EXPECT_EQ(outcome({{"if-match", "\"x\", \"abc\""}}), proceed);
    EXPECT_EQ(outcome({{"If-Match", "\"x\",,\t\"abc\","}}), proceed);
    EXPECT_EQ(outcome({{"If-Match", "*"}}), proceed);
    EXPECT_EQ(outcome({{"If-Match", "\"x\""}, {"If-Match", "\"abc\""}}), proceed);
    EXPECT_EQ(outcome({{"If-Match", "\"x\""}}), failed);
    EXPECT_EQ(outcome({{"If-Match", "W/\"abc\""}}), failed);
    EXPECT_EQ(outcome({{"If-Match", ""}}), failed);
    EXPECT_EQ(outcome({{"If-Match", "\"a,b\", \"c\""}}), failed);
}

TEST(Conditional, IfNoneMatchComparesWeakly) {
    for (std::string_view const value : {"\"abc\"", "W/\"abc\"", "\"x\", W/\"abc\"", "*"}) {
        EXPECT_EQ(outcome({{"If-None-Match", value}}), not_modified) << value;
        EXPECT_EQ(outcome({{"If-None-Match", value}}, Method::head), not_modified) << value;
        EXPECT_EQ(outcome({{"If-None-Match", value}}, Method::put), failed) << value;
    }
    EXPECT_EQ(outcome({{"If-None-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}), not_modified);
    EXPECT_EQ(outcome({{"If-None-Match", "\"x\""}}), proceed);
    EXPECT_EQ(outcome({{"If-None-Match", "\"ABC\""}}), proceed);
    EXPECT_EQ(outcome({{"If-None-Match", "\"x\""}}, Method::put), proceed);
}

TEST(Conditional, TagsMayHoldCommasAndObsText) {
    auto const head = request({{"If-None-Match", "\"a,\xC3\xA4\\\", \"b\""}}, Method::get);
    EXPECT_EQ(evaluate(head, {"\"a,\xC3\xA4\\\"", {}}), not_modified);
    EXPECT_EQ(evaluate(head, {"\"b\"", {}}), not_modified);
    EXPECT_EQ(evaluate(head, {"\"\xC3\xA4\\\"", {}}), proceed);
}

TEST(Conditional, MalformedListsLoseNoUpdate) {
    for (std::string_view const value : {"abc", "\"abc", "abc\"", "w/\"abc\"", "W/ \"abc\"", "\"abc\" \"x\"", "\"a c\"",
                                         "\"abc\", *", "*, \"abc\"", "\"x\" , y", "**", "\"abc\"\"x\""}) {
        EXPECT_EQ(outcome({{"If-Match", value}}), failed) << value;
        EXPECT_EQ(outcome({{"If-None-Match", value}}), proceed) << value;
        EXPECT_EQ(outcome({{"If-None-Match", value}}, Method::put), failed) << value;
    }
    EXPECT_EQ(outcome({{"If-Match", "*"}, {"If-Match", "\"abc\""}}), failed);
    EXPECT_EQ(outcome({{"If-Match", "\"abc\""}, {"If-Match", "x"}}), failed);
}

TEST(Conditional, IfModifiedSinceIsForReading) {
    EXPECT_EQ(outcome({{"If-Modified-Since", earlier}}), proceed);
    EXPECT_EQ(outcome({{"If-Modified-Since", same}}), not_modified);
    EXPECT_EQ(outcome({{"If-Modified-Since", later}}, Method::head), not_modified);
    EXPECT_EQ(outcome({{"If-Modified-Since", later}}, Method::put), proceed);
}

TEST(Conditional, IfUnmodifiedSinceIsForAll) {
    EXPECT_EQ(outcome({{"If-Unmodified-Since", earlier}}), failed);
    EXPECT_EQ(outcome({{"If-Unmodified-Since", earlier}}, Method::del), failed);
    EXPECT_EQ(outcome({{"If-Unmodified-Since", same}}), proceed);
    EXPECT_EQ(outcome({{"If-Unmodified-Since", later}}), proceed);
}

TEST(Conditional, IgnoresDatesThatAreNone) {
    for (std::string_view const value : {"", "yesterday", "2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:00:00 CET"}) {
        EXPECT_EQ(outcome({{"If-Modified-Since", value}}), proceed) << value;
        EXPECT_EQ(outcome({{"If-Unmodified-Since", value}}), proceed) << value;
    }
    EXPECT_EQ(outcome({{"If-Modified-Since", later}, {"If-Modified-Since", later}}), proceed);
    EXPECT_EQ(outcome({{"If-Unmodified-Since", earlier}, {"If-Unmodified-Since", earlier}}), proceed);
}

TEST(Conditional, TagsOverruleDates) {
    EXPECT_EQ(outcome({{"If-Match", etag}, {"If-Unmodified-Since", earlier}}), proceed);
    EXPECT_EQ(outcome({{"If-Unmodified-Since", later}, {"If-Match", "\"x\""}}), failed);
    EXPECT_EQ(outcome({{"If-None-Match", "\"x\""}, {"If-Modified-Since", later}}), proceed);
    EXPECT_EQ(outcome({{"If-None-Match", etag}, {"If-Modified-Since", earlier}}), not_modified);
    EXPECT_EQ(outcome({{"If-None-Match", "broken"}, {"If-Modified-Since", later}}), proceed);
}

TEST(Conditional, FailureOverrulesNotModified) {
    EXPECT_EQ(outcome({{"If-None-Match", etag}, {"If-Match", "\"x\""}}), failed);
    EXPECT_EQ(outcome({{"If-Modified-Since", later}, {"If-Unmodified-Since", earlier}}), failed);
    EXPECT_EQ(outcome({{"If-None-Match", etag}, {"If-Match", etag}}), not_modified);
}

TEST(IfRange, ComparesStronglyAndExactly) {
    EXPECT_TRUE(range_holds({}));
    EXPECT_TRUE(range_holds({{"If-Range", etag}}));
    EXPECT_TRUE(range_holds({{"If-Range", same}}));
    for (std::string_view const value : {"\"x\"", "W/\"abc\"", "\"abc\", \"x\"", "*", "", "abc", "\"abc"}) {
        EXPECT_FALSE(range_holds({{"If-Range", value}})) << value;
    }
    EXPECT_FALSE(range_holds({{"If-Range", earlier}}));
    EXPECT_FALSE(range_holds({{"If-Range", later}}));
    EXPECT_FALSE(range_holds({{"If-Range", etag}, {"If-Range", etag}}));
}

}  // namespace
}  // namespace clinikk::http
