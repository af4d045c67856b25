#include "base/time.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(Rfc3339, ReadsWhatItWrites) {
    for (auto const micros : {0LL, 1LL, 1'700'000'000'123'456LL, 253'402'300'799'999'999LL}) {
        Timestamp const time{std::chrono::microseconds(micros)};
        EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
    }
}

TEST(Rfc3339, ReadsTheOtherForms) {
    auto const noon = parse_rfc3339("2026-03-01T12:00:00Z");
    ASSERT_TRUE(noon);
    for (auto const* const text : {"2026-03-01t12:00:00z", "2026-03-01 12:00:00Z", "2026-03-01T12:00:00.000Z",
                                   "2026-03-01T13:30:00+01:30", "2026-03-01T04:00:00-08:00", "2026-02-28T24:00:00Z"}) {
        bool const names_an_hour_24 = std::string_view(text).find("T24") != std::string_view::npos;
        EXPECT_EQ(parse_rfc3339(text).has_value(), !names_an_hour_24) << text;
        if (!names_an_hour_24) EXPECT_EQ(parse_rfc3339(text), noon) << text;
    }
    EXPECT_EQ(parse_rfc3339("2026-03-01"), parse_rfc3339("2026-03-01T00:00:00Z"));
    EXPECT_EQ(parse_rfc3339("2026-03-01T12:00:00.1234567Z"), *noon + std::chrono::microseconds(123'456));
    EXPECT_EQ(parse_rfc3339("2026-06-30T23:59:60Z"), parse_rfc3339("2026-07-01T00:00:00Z"));
}

TEST(Rfc3339, RefusesEverythingElse) {
    for (auto const* const text :
         {"", "2026", "2026-3-1", "2026-02-29", "2026-13-01", "2026-03-01T", "2026-03-01T12:00Z", "2026-03-01T12:00:00",
          "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z", "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00Zx",
          "2026-03-01T12:00:00+25:00", "2026-03-01T12:00:00+1", " 2026-03-01", "-026-03-01", "1740000000"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

}  // namespace
}  // namespace clinikk
