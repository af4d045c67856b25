#include <gtest/gtest.h>

#include "domain/values.hpp"

namespace clinikk {
namespace {

TEST(LanguageTag, TakesWellFormedTagsInTheirUsualCase) {
    // Most are the examples of RFC 5646, appendix A.
    for (auto const& [given, usual] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"de", "de"},
             {"EN-gb", "en-GB"},
             {"zh-hant-tw", "zh-Hant-TW"},
             {"zh-cmn-Hans-CN", "zh-cmn-Hans-CN"},
             {"es-419", "es-419"},
             {"sl-rozaj-biske", "sl-rozaj-biske"},
             {"de-CH-1901", "de-CH-1901"},
             {"hy-Latn-IT-arevela", "hy-Latn-IT-arevela"},
             {"de-CH-x-phonebk", "de-CH-x-phonebk"},
             {"en-US-u-islamcal", "en-US-u-islamcal"},
             {"zh-CN-a-myext-x-private", "zh-CN-a-myext-x-private"},
             {"abcdefgh", "abcdefgh"},
         }) {
        auto const parsed = LanguageTag::parse(given);
        ASSERT_TRUE(parsed) << given;
        EXPECT_EQ(parsed->value(), usual);
    }
}

TEST(LanguageTag, RefusesWhatIsNone) {
    for (std::string_view const wrong : {"",
                                         "e",
                                         "-",
                                         "en-",
                                         "-en",
                                         "en--GB",
                                         "en_GB",
                                         "english language",
                                         "a-DE",
                                         "x-private",
                                         "de-419-DE",
                                         "abcdefghi",
                                         "en-toolongsubtag",
                                         "ar-a-aaa-b-bbb-a-ccc",
                                         "de-DE-1901-1901",
                                         "en-x",
                                         "en-a",
                                         "en-a-b",
                                         "12",
                                         "d\xC3\xA9",
                                         "en\n",
                                         "i-klingon"}) {
        EXPECT_FALSE(LanguageTag::parse(wrong)) << wrong;
    }
    std::string long_tag = "en-x";
    while (long_tag.size() <= 100) long_tag += "-abcdefgh";
    EXPECT_FALSE(LanguageTag::parse(long_tag));
    EXPECT_TRUE(LanguageTag::parse(long_tag.substr(0, 94)));
}

}  // namespace
}  // namespace clinikk
