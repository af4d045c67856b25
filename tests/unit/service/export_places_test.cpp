#include "service/export_places.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(ExportPlaces, AreOneForEachAccountAndBoundedInAll) {
    ExportPlaces places(2);
    auto const [ada, grace, edith] = std::tuple(new_uuid(), new_uuid(), new_uuid());
    auto first = places.enter(ada);
    ASSERT_TRUE(first);
    EXPECT_FALSE(places.enter(ada));
    auto const second = places.enter(grace);
    EXPECT_TRUE(second);
    EXPECT_FALSE(places.enter(edith));
    auto const copy = first;
    first.reset();
    EXPECT_FALSE(places.enter(edith)) << "somebody still has it";
}

TEST(ExportPlaces, AreFreeAgainWhenTheyAreLeft) {
    ExportPlaces places(1);
    auto const ada = new_uuid();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(places.enter(ada));
    EXPECT_TRUE(places.enter(new_uuid()));
}

}  // namespace
}  // namespace clinikk
