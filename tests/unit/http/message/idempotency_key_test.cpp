#include "http/message/idempotency_key.hpp"

#include <gtest/gtest.h>

namespace clinikk::http {
namespace {

TEST(IdempotencyKey, IsAStringInQuotes) {
    EXPECT_EQ(parse_idempotency_key(R"("8e03978e-40d5-43e8-bc93-6894a57f9324")"),
              "8e03978e-40d5-43e8-bc93-6894a57f9324");
    EXPECT_EQ(parse_idempotency_key(R"("a \"b\" \\ c, d;e")"), R"(a "b" \ c, d;e)");
}

TEST(IdempotencyKey, MayComeWithoutQuotes) {
    EXPECT_EQ(parse_idempotency_key("8e03978e-40d5"), "8e03978e-40d5");
    EXPECT_EQ(parse_idempotency_key("order:17/a_b=="), "order:17/a_b==");
}

TEST(IdempotencyKey, IsNothingElse) {
    for (auto const* const text : {"", R"("")", R"(")", R"("abc)", R"(abc")", R"("a"b")", R"("a" )", R"("a";x=1)",
                                   R"("a", "b")", R"("a\n")", "\"a\tb\"", "\"ä\"", "a b", "a,b", "ä", R"(a\b)"}) {
        EXPECT_FALSE(parse_idempotency_key(text)) << text;
    }
}

TEST(IdempotencyKey, HasABoundedLength) {
    std::string const longest(longest_idempotency_key, 'x');
    EXPECT_EQ(parse_idempotency_key(longest), longest);
    EXPECT_EQ(parse_idempotency_key('"' + longest + '"'), longest);
    EXPECT_FALSE(parse_idempotency_key(longest + 'x'));
    EXPECT_FALSE(parse_idempotency_key('"' + longest + "x\""));
    EXPECT_FALSE(parse_idempotency_key('"' + std::string(100'000, 'x') + '"'));
}

}  // namespace
}  // namespace clinikk::http
