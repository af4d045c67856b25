#include "domain/password.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk {
namespace {

constexpr auto length_rule = "must be 8 to 256 characters long";
constexpr auto common_rule = "must not be one of the most common passwords";

std::string refusal(std::string_view text) {
    auto const parsed = Password::parse(text);
    return parsed ? "accepted" : parsed.error();
}

std::string repeat(std::string_view text, int times) {
    std::string repeated;
    for (int i = 0; i < times; ++i) repeated += text;
    return repeated;
}

TEST(Password, CountsCodePoints) {
    EXPECT_EQ(Password::parse(" pass \n \u00E9")->value(), " pass \n \u00E9");
    EXPECT_EQ(refusal("x1!y2?z"), length_rule);
    EXPECT_EQ(refusal(repeat("\u00E9", 7)), length_rule);
    EXPECT_EQ(refusal(repeat("\u00E9", 8)), "accepted");
    EXPECT_EQ(refusal(std::string(256, 'x')), "accepted");
    EXPECT_EQ(refusal(std::string(257, 'x')), length_rule);
    EXPECT_EQ(refusal(""), length_rule);
}

TEST(Password, CountsInNfkc) {
    // Fourteen code points that are seven letters with marks.
    EXPECT_EQ(refusal(repeat("a\u0308", 7)), length_rule);
    EXPECT_EQ(refusal(repeat("a\u0308", 8)), "accepted");
    EXPECT_EQ(refusal(repeat("a\u0308", 256)), "accepted");
    EXPECT_EQ(refusal(repeat("a\u0308", 257)), length_rule);
    // One ligature that is 18 characters, and 15 of them.
    EXPECT_EQ(refusal("\uFDFA"), "accepted");
    EXPECT_EQ(refusal(repeat("\uFDFA", 15)), length_rule);
    // The most bytes that 256 syllables can have.
    EXPECT_EQ(refusal(repeat("\u1112\u1161\u11AB", 256)), "accepted");
    EXPECT_EQ(refusal(repeat("\u1112\u1161\u11AB", 257)), length_rule);
}

TEST(Password, IsTheSameHoweverItIsTyped) {
    auto const normal = Password::parse("p\u00E4ssw\u00F6rd fi 12")->value();
    EXPECT_EQ(Password::parse("pa\u0308sswo\u0308rd \uFB01 \uFF11\uFF12")->value(), normal);
}

TEST(Password, RefusesWhatIsNotText) {
    EXPECT_EQ(refusal(std::string_view("1x34\0y678", 9)), "must not contain the NUL character");
    EXPECT_EQ(refusal("1x3y5z78\xFF"), "must be valid UTF-8");
    EXPECT_EQ(refusal(std::string(max_password_bytes + 1, 'x')), length_rule);
    EXPECT_EQ(refusal(std::string(1024 * 1024, '\xFF')), length_rule);
}

TEST(Password, RefusesTheMostCommonOnes) {
    for (auto const* const common : {"password", "12345678", "qwertyuiop", "iloveyou", "password1", "zzzzzzz1"}) {
        EXPECT_EQ(refusal(common), common_rule) << common;
        EXPECT_TRUE(is_common_password(common));
    }
    EXPECT_EQ(refusal("PassWord1"), common_rule) << "capitals make it no rarer";
    EXPECT_EQ(refusal("\uFF50\uFF41\uFF53\uFF53\uFF57\uFF4F\uFF52\uFF44"), common_rule) << "nor do wide letters";
    for (auto const* const rare :
         {"correct horse battery staple", "assword1x", "password1\n12345678", "\npassword1\n"}) {
        EXPECT_FALSE(is_common_password(rare)) << rare;
    }
    EXPECT_FALSE(is_common_password(""));
}

TEST(Password, IsNotTheAddressOfItsAccount) {
    auto const key = Email::parse("Ada.Lovelace@Example.org")->key();
    auto const refused = [&](std::string_view text) {
        return refuse_address_as_password(*Password::parse(text), key, "new_password");
    };
    for (auto const* const text : {"ada.lovelace@example.org", "ADA.Lovelace@example.ORG"}) {
        auto const result = refused(text);
        ASSERT_TRUE(result.has_error()) << text;
        EXPECT_EQ(result.error().code, ErrorCode::validation_failed);
        ASSERT_EQ(result.error().errors.size(), 1U);
        EXPECT_EQ(result.error().errors[0].pointer, "#/new_password");
    }
    EXPECT_TRUE(refused("ada.lovelace@example.org!"));
    EXPECT_TRUE(refused("ada.lovelace"));
}

TEST(LoginPassword, CountsBytes) {
    EXPECT_TRUE(LoginPassword::parse("x"));
    EXPECT_TRUE(LoginPassword::parse(std::string(max_password_bytes, 'x')));
    EXPECT_EQ(LoginPassword::parse(std::string(max_password_bytes + 1, 'x')).error(),
              "must be at most 4096 bytes long");
    EXPECT_EQ(LoginPassword::parse("").error(), "must not be empty");
}

}  // namespace
}  // namespace clinikk
