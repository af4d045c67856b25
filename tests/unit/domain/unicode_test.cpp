#include "domain/unicode.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(Unicode, Normalises) {
    EXPECT_EQ(to_nfc("a\u0308\uFB01"), "\u00E4\uFB01");
    EXPECT_EQ(to_nfkc("a\u0308\uFB01\u2460"), "\u00E4fi1");
    EXPECT_EQ(to_nfkc_casefold("STRA\u00DFE \u00C4\u00AD\uFB01"), "strasse \u00E4fi");
    EXPECT_EQ(to_nfc("plain"), "plain");
    EXPECT_EQ(to_nfc(""), "");
}

TEST(Unicode, LowersWithoutFolding) {
    EXPECT_EQ(to_lower("STRA\u00DFE"), "stra\u00DFe");
    EXPECT_EQ(to_lower("B\u00DCCHER"), "b\u00FCcher");
    EXPECT_EQ(to_lower("A\u0308"), "\u00E4");
}

TEST(Unicode, RefusesWhatIsNotUtf8) {
    for (auto const* text : {"\xFF", "a\xC3", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
        EXPECT_FALSE(to_nfc(text));
        EXPECT_FALSE(to_nfkc(text));
        EXPECT_FALSE(to_nfkc_casefold(text));
        EXPECT_FALSE(to_lower(text));
    }
}

TEST(Unicode, CountsAndTakesCodePoints) {
    EXPECT_EQ(count_code_points("a\u00E4\u20AC\U0001F600"), 4U);
    std::string_view text = "a\u00E4\u20AC\U0001F600";
    EXPECT_EQ(take_code_point(text), U'a');
    EXPECT_EQ(take_code_point(text), U'\u00E4');
    EXPECT_EQ(take_code_point(text), U'\u20AC');
    EXPECT_EQ(take_code_point(text), U'\U0001F600');
    EXPECT_TRUE(text.empty());
}

TEST(Unicode, KnowsKinds) {
    EXPECT_EQ(kind_of('\n'), CharacterKind::space);
    EXPECT_EQ(kind_of('\r'), CharacterKind::control);
    EXPECT_EQ(kind_of(0), CharacterKind::control);
    EXPECT_EQ(kind_of(U'\u00A0'), CharacterKind::space);
    EXPECT_EQ(kind_of(U'\u4F8B'), CharacterKind::letter);
    EXPECT_EQ(kind_of(U'\u0301'), CharacterKind::mark);
    EXPECT_EQ(kind_of(U'\u0663'), CharacterKind::digit);
    EXPECT_EQ(kind_of(U'\u200B'), CharacterKind::invisible);
    EXPECT_EQ(kind_of(U'\uE000'), CharacterKind::invisible);
    EXPECT_EQ(kind_of(U'@'), CharacterKind::visible);
}

TEST(Unicode, Trims) {
    EXPECT_EQ(trim(" \u2003\t a \u00E4\u3000\n"), "a \u00E4");
    EXPECT_EQ(trim("\u00E4"), "\u00E4");
    EXPECT_EQ(trim(" \u2003"), "");
    EXPECT_EQ(trim(""), "");
}

}  // namespace
}  // namespace clinikk
