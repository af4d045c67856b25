#include "http/message/content_disposition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clinikk::http {
namespace {

TEST(ContentDisposition, QuotesPlainNames) {
    EXPECT_EQ(attachment_header("clip 1.mp4"), "attachment; filename=\"clip 1.mp4\"");
    EXPECT_EQ(inline_header("clip.mp4"), "inline; filename=\"clip.mp4\"");
    EXPECT_EQ(inline_header(""), "inline");
}

TEST(ContentDisposition, GivesOtherNamesTwice) {
    EXPECT_EQ(attachment_header("Übung €.mp4"),
              "attachment; filename=\"_bung _.mp4\"; filename*=UTF-8''%C3%9Cbung%20%E2%82%AC.mp4");
    EXPECT_EQ(attachment_header("100%41.mp4"), "attachment; filename=\"100_41.mp4\"; filename*=UTF-8''100%2541.mp4");
    EXPECT_EQ(attachment_header("\xF0\x9F\x8E\xAC"), "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%8E%AC");
    EXPECT_EQ(attachment_header("a'(b)ä"), "attachment; filename=\"a'(b)_\"; filename*=UTF-8''a%27%28b%29%C3%A4");
}

TEST(ContentDisposition, NeverBreaksOut) {
    for (std::string_view name : {"a\"; x=\"b", "a\\\"b", "a\r\nSet-Cookie: x=y", "\"", "\\"}) {
        auto const value = attachment_header(name);
        EXPECT_EQ(value.find_first_of("\r\n\\"), std::string::npos) << value;
        EXPECT_EQ(std::count(value.begin(), value.end(), '"'), 2) << value;
    }
}

TEST(SafeFileName, DropsNul) { EXPECT_EQ(safe_file_name(std::string_view("a\0b", 3)), "ab"); }

TEST(SafeFileName, ReplacesSeparators) {
    EXPECT_EQ(safe_file_name("Trip on 3/8/22"), "Trip on 3_8_22");
    EXPECT_EQ(safe_file_name("../../etc\\x.mp4"), "_.._etc_x.mp4");
}

TEST(SafeFileName, DropsWhatIsNotSeen) {
    EXPECT_EQ(safe_file_name("a\x01\x1F\x7F\xC2\x85z"), "az");
    EXPECT_EQ(safe_file_name("exe\xE2\x80\xAE"
                             "4pm.x"),
              "exe4pm.x");
    EXPECT_EQ(safe_file_name("\xE2\x81\xA6"
                             "a\xE2\x81\xA9\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F\xE2\x80\xA8\xEF\xBB\xBF"),
              "a");
    EXPECT_EQ(safe_file_name("a\xFF\xC3z\xED\xA0\x80"), "az");
    EXPECT_EQ(safe_file_name("\xD9\x85\xDB\x8C\xE2\x80\x8C"), "\xD9\x85\xDB\x8C\xE2\x80\x8C");
}

TEST(SafeFileName, ReplacesWhatSystemsReserve) { EXPECT_EQ(safe_file_name("<a>:b\"|?*.mp4"), "_a__b____.mp4"); }

TEST(SafeFileName, IsNeverEmpty) {
    for (std::string_view name : {"", "..", ". .", " ", "\x01", "\xFF", "\xE2\x80\xAE"}) {
        EXPECT_EQ(safe_file_name(name), "download") << name;
    }
    EXPECT_EQ(safe_file_name(" .hidden. "), "hidden");
}

TEST(SafeFileName, CountsCodePoints) {
    std::string umlauts;
    for (int i = 0; i < 116; ++i) umlauts += "ä";
    EXPECT_EQ(safe_file_name(umlauts + ".mp4"), umlauts + ".mp4");
    EXPECT_EQ(safe_file_name(umlauts + "x.mp4"), umlauts + ".mp4");
    EXPECT_EQ(safe_file_name(std::string(121, 'a')), std::string(120, 'a'));
    EXPECT_EQ(safe_file_name(std::string(121, 'a') + ".123456789"), std::string(110, 'a') + ".123456789");
    EXPECT_EQ(safe_file_name("b." + std::string(200, 'a')), "b." + std::string(118, 'a'));
}

TEST(ContentDisposition, StatesTheNameOfAFile) {
    EXPECT_EQ(stated_file_name("inline; filename=\"a clip.mp4\""), "a clip.mp4");
    EXPECT_EQ(stated_file_name("inline; filename=\"a.mp4\"; filename*=UTF-8''%C3%9Cbung%20%E2%82%AC.mp4"),
              "Übung €.mp4");
    EXPECT_EQ(stated_file_name("attachment; FILENAME*=utf-8'en'b.mp4; filename=a.mp4"), "b.mp4");
    EXPECT_EQ(stated_file_name("inline;filename=a.mp4;size=3"), "a.mp4");
    EXPECT_EQ(stated_file_name("inline; filename=\"\xFF.mp4\""), "\xEF\xBF\xBD.mp4");
}

TEST(ContentDisposition, StatesNoNameOtherwise) {
    for (auto const* const field : {"", "inline", "inline; x=y", "; filename=a", "a b; filename=a", "inline; filename",
                                    "inline; filename=\"a", "inline; filename=a b"}) {
        EXPECT_EQ(stated_file_name(field), "") << field;
    }
    EXPECT_EQ(stated_file_name("inline; filename*=ISO-8859-1''%DCbung; filename=a"), "a");
    EXPECT_EQ(stated_file_name("inline; filename*=UTF-8''%00; filename=a"), "a");
}

}  // namespace
}  // namespace clinikk::http
