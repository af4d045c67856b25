#include "http/message/structured_fields.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk::http {
namespace {

using Kind = StructuredValue::Kind;

TEST(StructuredFields, BooleanIsAQuestionMarkAndABit) {
    EXPECT_EQ(parse_boolean_item("?1"), true);
    EXPECT_EQ(parse_boolean_item("?0"), false);
    EXPECT_EQ(parse_boolean_item("  ?1 "), true);
    for (auto const* const text :
         {"", "1", "true", "?", "?2", "?10", "??1", "?1, ?0", "?1 ?0", "\"?1\"", "?1,", "\t?1"}) {
        EXPECT_EQ(parse_boolean_item(text), std::nullopt) << text;
    }
}

TEST(StructuredFields, IntegerHasUpToFifteenDigits) {
    EXPECT_EQ(parse_integer_item("0"), 0);
    EXPECT_EQ(parse_integer_item("042"), 42);
    EXPECT_EQ(parse_integer_item("-7"), -7);
    EXPECT_EQ(parse_integer_item("999999999999999"), 999'999'999'999'999);
    for (auto const* const text : {"", "-", "--1", "+1", "1.0", "1.", "0x10", "1e3", "1 2", "1,2", "1000000000000000",
                                   "99999999999999999999999", "\"1\"", "?1", "1a"}) {
        EXPECT_EQ(parse_integer_item(text), std::nullopt) << text;
    }
}

TEST(StructuredFields, ParametersOfAnItemAreCheckedAndIgnored) {
    EXPECT_EQ(parse_boolean_item("?1;a"), true);
    EXPECT_EQ(parse_boolean_item("?1; a=1;b=\"x;y\" "), true);
    EXPECT_EQ(parse_integer_item("5;a=:AAAA:;b=tok/en;*c=@1659578233;d=1.5"), 5);
    for (auto const* const text : {"?1;", "?1;A", "?1;a=", "?1 ;a", "?1;a =1", "?1;a=\"x", "?1;a=(1)", "?1;=1"}) {
        EXPECT_EQ(parse_boolean_item(text), std::nullopt) << text;
    }
}

TEST(StructuredFields, DictionaryKeepsBytes) {
    auto const dictionary = parse_dictionary("sha-256=:aGk=:, sha-512=:aGkh:;q=1 ,\tunixsum=30637");
    ASSERT_TRUE(dictionary);
    EXPECT_EQ(dictionary->size(), 3);
    EXPECT_EQ(find_member(*dictionary, "sha-256")->bytes, "hi");
    EXPECT_EQ(find_member(*dictionary, "sha-512")->bytes, "hi!");
    EXPECT_EQ(find_member(*dictionary, "unixsum")->integer, 30637);
    EXPECT_EQ(find_member(*dictionary, "md5"), nullptr);
}

TEST(StructuredFields, Base64MayLackItsPadding) {
    EXPECT_EQ(find_member(*parse_dictionary("a=:aGk:"), "a")->bytes, "hi");
    EXPECT_EQ(find_member(*parse_dictionary("a=:+/+/:"), "a")->bytes, "\xFB\xFF\xBF");
    EXPECT_EQ(find_member(*parse_dictionary("a=::"), "a")->bytes, "");
    for (auto const* const text : {"a=:-_-_:", "a=:aGk", "a=:a:", "a=:aG k:", "a=:=:", "a=:aGk==:", "a=:a=Gk:"}) {
        EXPECT_FALSE(parse_dictionary(text)) << text;
    }
}

TEST(StructuredFields, DictionaryTakesAllTypes) {
    auto const dictionary = parse_dictionary(
        R"(a, b;x=1, c=(1 "two" three;x)  , d="q\"\\", e=tok:en/1, f=@12, g=%"f%c3%bc", *h=-1.25, i=?0)");
    ASSERT_TRUE(dictionary);
    EXPECT_EQ(dictionary->size(), 9);
    EXPECT_EQ(find_member(*dictionary, "a")->kind, Kind::boolean);
    EXPECT_TRUE(find_member(*dictionary, "b")->boolean);
    EXPECT_FALSE(find_member(*dictionary, "i")->boolean);
    for (auto const* const key : {"c", "d", "e", "g", "*h"}) {
        EXPECT_EQ(find_member(*dictionary, key)->kind, Kind::other) << key;
    }
}

TEST(StructuredFields, LastValueOfAKeyCounts) {
    auto const dictionary = parse_dictionary("a=1, b=2, a=3");
    ASSERT_TRUE(dictionary);
    EXPECT_EQ(dictionary->size(), 2);
    EXPECT_EQ(find_member(*dictionary, "a")->integer, 3);
}

TEST(StructuredFields, MalformedDictionaryIsAbsentAsAWhole) {
    EXPECT_TRUE(parse_dictionary(""));
    for (auto const* const text : {"a=1,",      "a=1, ", ",a=1",      "a=1,,b",     "a=1 b=2", "A=1",
                                   "1=1",       "a=",    "a= 1",      "a =1",       "a=(1",    "a=(1,2)",
                                   "a=(1)2",    "a=\"x", "a=\"\\x\"", "a=\"\x7F\"", "a=@1.5",  "a=%\"%C3\"",
                                   "a=%\"%c\"", "a=%x",  "a=?",       "a={}",       "a=1;B"}) {
        EXPECT_FALSE(parse_dictionary(text)) << text;
    }
}

TEST(StructuredFields, DictionaryHasABoundedNumberOfMembers) {
    std::string text;
    for (int i = 0; i < 1024; ++i) text += (i == 0 ? "k" : ",k") + std::to_string(i);
    EXPECT_EQ(parse_dictionary(text)->size(), 1024);
    EXPECT_TRUE(parse_dictionary(text + ",k0"));
    EXPECT_FALSE(parse_dictionary(text + ",more"));
}

}  // namespace
}  // namespace clinikk::http
