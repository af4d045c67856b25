#include "domain/values.hpp"

#include <gtest/gtest.h>

#include <string>

namespace clinikk {
namespace {

using Title = Text<1, 5>;
using Note = Text<0, 5>;

template <class T>
std::string refusal(std::string_view text) {
    auto const parsed = T::parse(text);
    return parsed ? "accepted" : parsed.error();
}

template <class T>
auto accepted(std::string_view text) {
    auto const parsed = T::parse(text);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error());
    return parsed->value();
}

TEST(Text, IsTrimmedOfAllSpaces) {
    EXPECT_EQ(accepted<Title>(" \t\nab \u00A0\u3000"), "ab");
    EXPECT_EQ(accepted<Title>("a b"), "a b");
    EXPECT_EQ(accepted<Note>(" \u2028 "), "");
}

TEST(Text, CountsCodePointsAfterComposition) {
    EXPECT_EQ(accepted<Title>("äöüßé"), "äöüßé");
    EXPECT_EQ(accepted<Title>("e\u0301e\u0301e\u0301e\u0301e\u0301"), "ééééé");
    EXPECT_EQ(refusal<Title>("abcdef"), "must be 1 to 5 characters long");
    EXPECT_EQ(refusal<Note>("abcdef"), "must be at most 5 characters long");
    EXPECT_EQ(refusal<Title>("  "), "must not be empty");
    EXPECT_EQ(refusal<Title>(""), "must not be empty");
}

TEST(Text, RefusesControlCharactersButLineFeedAndTab) {
    EXPECT_EQ(accepted<Title>("a\nb\tc"), "a\nb\tc");
    EXPECT_EQ(accepted<Title>("a\r\nb\r\nc"), "a\nb\nc");
    EXPECT_EQ(refusal<Title>("a\rb"), "must not contain control characters");
    EXPECT_EQ(refusal<Title>(std::string_view("a\0b", 3)), "must not contain control characters");
    EXPECT_EQ(refusal<Title>("a\x7F"), "must not contain control characters");
    EXPECT_EQ(refusal<Title>("a\u0085"), "must not contain control characters");
}

TEST(Line, RefusesLineEndsAndTabs) {
    using Name = Line<1, 5>;
    EXPECT_EQ(accepted<Name>(" a b\n"), "a b");
    for (std::string_view const text : {"a\nb", "a\r\nb", "a\tb", "a\u2028b", "a\u2029b"}) {
        EXPECT_EQ(refusal<Name>(text), "must be one line, without control characters");
    }
    EXPECT_EQ(refusal<Name>("a\x01"), "must not contain control characters");
    EXPECT_EQ(refusal<Name>(" \n"), "must not be empty");
    EXPECT_EQ(refusal<Name>("abcdef"), "must be 1 to 5 characters long");
}

TEST(Text, RefusesWhatIsNotUtf8) {
    EXPECT_EQ(refusal<Title>("a\xFF"), "must be valid UTF-8");
    EXPECT_EQ(refusal<Title>("\xED\xA0\x80"), "must be valid UTF-8");
    EXPECT_EQ(refusal<Title>("\xC0\xAF"), "must be valid UTF-8");
}

TEST(Text, TellsItsLimits) {
    EXPECT_EQ(Title::schema().min_length, 1U);
    EXPECT_EQ(Title::schema().max_length, 5U);
    EXPECT_EQ(Note::schema().min_length, std::nullopt);
}

TEST(Email, KeepsTheLocalPartAndLowersTheDomain) {
    auto const email = Email::parse(" Ada.Lovelace+tv@Example.COM ");
    ASSERT_TRUE(email);
    EXPECT_EQ(email->value(), "Ada.Lovelace+tv@example.com");
    EXPECT_EQ(email->key(), "ada.lovelace+tv@example.com");
}

TEST(Email, TakesOtherScripts) {
    auto const email = Email::parse("Jürgen@BÜCHER.example");
    ASSERT_TRUE(email);
    EXPECT_EQ(email->value(), "Jürgen@bücher.example");
    EXPECT_EQ(email->key(), "jürgen@bücher.example");
    EXPECT_TRUE(Email::parse("用户@例子.广告"));
}

TEST(Email, HasOneKeyForAllSpellings) {
    auto const composed = Email::parse("JOS\u00C9@example.com");
    auto const decomposed = Email::parse("jose\u0301@EXAMPLE.com");
    auto const wide = Email::parse("\uFF4Aosé@example.com");
    ASSERT_TRUE(composed && decomposed && wide);
    EXPECT_EQ(composed->key(), decomposed->key());
    EXPECT_EQ(composed->key(), wide->key());
}

TEST(Email, RefusesWhatIsNone) {
    auto const local64 = std::string(64, 'a');
    auto const label63 = std::string(63, 'b');
    EXPECT_TRUE(Email::parse(local64 + "@example.com"));
    EXPECT_TRUE(Email::parse("a@" + label63 + ".com"));
    EXPECT_TRUE(Email::parse("a@" + label63 + "." + label63 + "." + label63 + "." + std::string(60, 'c')));
    for (std::string const& text : {std::string(),
                                    std::string("@"),
                                    std::string("a"),
                                    std::string("a@"),
                                    std::string("@example.com"),
                                    std::string("a@localhost"),
                                    std::string("a@b@example.com"),
                                    std::string("a b@example.com"),
                                    std::string(".a@example.com"),
                                    std::string("a.@example.com"),
                                    std::string("a..b@example.com"),
                                    std::string("a@.example.com"),
                                    std::string("a@example.com."),
                                    std::string("a@example..com"),
                                    std::string("a@-example.com"),
                                    std::string("a@example-.com"),
                                    std::string("a@exa_mple.com"),
                                    std::string("a@[127.0.0.1]"),
                                    std::string("a@127.0.0.1"),
                                    std::string("\"a\"@example.com"),
                                    std::string("a\n@example.com"),
                                    std::string("a@example.com\nBcc: b@example.com"),
                                    std::string("a\xFF@example.com"),
                                    std::string("a\0@example.com", 14),
                                    std::string("a\u200B@example.com"),
                                    std::string("a@exam\u3002ple.com"),
                                    std::string("a\uFF20b@example.com"),
                                    std::string("a@ex\u2100mple.com"),
                                    local64 + "a@example.com",
                                    "a@" + label63 + "b.com",
                                    "a@" + label63 + "." + label63 + "." + label63 + "." + std::string(61, 'c')}) {
        EXPECT_EQ(refusal<Email>(text), "must be an e-mail address") << text;
    }
}

TEST(HttpUrl, TakesHttpAndHttps) {
    for (auto const* text : {"http://example.com", "https://example.com/a%20b.jpg?x=1&y=2#top",
                             "HTTPS://EXAMPLE.com:8443/", "http://[::1]:80/x", "http://127.0.0.1/"}) {
        EXPECT_EQ(accepted<HttpUrl>(text), text);
    }
    auto const longest = "http://e/" + std::string(2048 - 9, 'a');
    EXPECT_EQ(accepted<HttpUrl>(longest), longest);
    EXPECT_FALSE(HttpUrl::parse(longest + "a"));
}

TEST(HttpUrl, RefusesTheRest) {
    for (auto const* text : {"",
                             "example.com/x.jpg",
                             "/x.jpg",
                             "//example.com/x.jpg",
                             "http:",
                             "http:///x.jpg",
                             "http://",
                             "ftp://example.com/",
                             "javascript:alert(1)",
                             "data:text/html,x",
                             "file:///etc/passwd",
                             "http:example.com",
                             "https://example.com/\n",
                             " http://e.com",
                             "http://e.com/a b",
                             "http://e.com/<script>",
                             "http://e.com:99999/",
                             "http://e.com:0/",
                             "http://:80/",
                             "http://e.com/[",
                             "http://e.com/\xC3\xA9"}) {
        EXPECT_EQ(refusal<HttpUrl>(text), "must be an http or https URL") << text;
    }
    EXPECT_EQ(refusal<HttpUrl>("http://user:secret@example.com/"), "must not contain a user name or password");
    EXPECT_EQ(refusal<HttpUrl>("http://user@example.com/"), "must not contain a user name or password");
}

TEST(Seconds, AreWholeAndBounded) {
    EXPECT_EQ(accepted<Seconds>("0"), 0);
    EXPECT_EQ(accepted<Seconds>("1000000000"), 1'000'000'000);
    for (auto const* text :
         {"", "-1", "1000000001", "1.0", "1e3", " 1", "1 ", "+1", "0x10", "99999999999999999999", "one", "nan"}) {
        EXPECT_EQ(refusal<Seconds>(text), "must be a whole number from 0 to 1000000000") << text;
    }
    EXPECT_EQ(Seconds::schema().maximum, 1'000'000'000);
}

TEST(Skip, StartsAtZero) {
    EXPECT_EQ(Skip().value(), 0);
    EXPECT_EQ(accepted<Skip>("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(refusal<Skip>("-1"), "must be a whole number of at least 0");
    EXPECT_EQ(refusal<Skip>("9223372036854775808"), "must be a whole number of at least 0");
}

TEST(PageLimit, IsClampedAbove) {
    EXPECT_EQ(PageLimit().value(), 100);
    EXPECT_EQ(accepted<PageLimit>("1"), 1);
    EXPECT_EQ(accepted<PageLimit>("100"), 100);
    EXPECT_EQ(accepted<PageLimit>("101"), 100);
    EXPECT_EQ(accepted<PageLimit>("99999999999999999999999999"), 100);
    for (auto const* text : {"0", "-1", "", "ten", "1.5", "99999999999999999999x", "00000000000000000000"}) {
        EXPECT_EQ(refusal<PageLimit>(text), "must be a whole number of at least 1") << text;
    }
}

TEST(UuidValue, TakesTheCanonicalForm) {
    EXPECT_EQ(accepted<UuidValue>("0190B5F0-0000-7000-8000-0123456789ab").to_string(),
              "0190b5f0-0000-7000-8000-0123456789ab");
    for (auto const* text : {"", "0190b5f0000070008000-0123456789ab", "{0190b5f0-0000-7000-8000-0123456789ab}",
                             "0190b5f0-0000-7000-8000-0123456789ag"}) {
        EXPECT_EQ(refusal<UuidValue>(text), "must be a UUID") << text;
    }
}

TEST(Choice, TakesTheNamesOfAnEnum) {
    EXPECT_EQ(accepted<ContentKindValue>("audio"), ContentKind::audio);
    EXPECT_EQ(accepted<RoleValue>("admin"), Role::admin);
    EXPECT_EQ(refusal<ContentKindValue>("Video"), "must be video or audio");
    EXPECT_EQ(refusal<RoleValue>(""), "must be viewer, editor or admin");
    EXPECT_EQ(ContentKindValue::schema().choices, (std::vector<std::string_view>{"video", "audio"}));
}

}  // namespace
}  // namespace clinikk
