#include "media/packaging/bit_rates.hpp"

#include <gtest/gtest.h>

namespace clinikk::media::packaging {
namespace {

TEST(BitRates, ThePeakIsThatOfTheWorstSecondsAndNotOfOneSegment) {
    BitRates rates(1000);
    for (auto const bytes : {100, 100, 400, 100, 100}) rates.add(static_cast<std::uint64_t>(bytes), 500);
    EXPECT_EQ(rates.peak(), 400U * 8 * 2) << "half a target duration counts";
    EXPECT_EQ(rates.average(), 800U * 8 * 1000 / 2500);
}

TEST(BitRates, AreReckonedSoonOfSegmentsThatAreShorterThanAnyoneNeeds) {
    BitRates rates(1'000'000);
    for (int i = 0; i < 50'000; ++i) rates.add(1, 1);
    EXPECT_EQ(rates.average(), 8'000'000U);
    EXPECT_EQ(rates.peak(), 8'000'000U);
}

}  // namespace
}  // namespace clinikk::media::packaging
