#include "security/waiting_room.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace clinikk {
namespace {

using Places = std::vector<std::unique_ptr<WaitingRoom::Place>>;

std::string network_of(int number) { return "192.0.2." + std::to_string(number); }

/// As many places as strangers of that network get.
Places fill(WaitingRoom& room, HashingClient const& client) {
    Places places;
    while (auto place = room.enter(client)) places.push_back(std::move(place));
    return places;
}

TEST(WaitingRoom, OneNetworkFillsNoMoreThanHalf) {
    WaitingRoom room(8);
    auto const flood = fill(room, {network_of(1)});
    EXPECT_EQ(flood.size(), 4U);
    EXPECT_TRUE(room.enter({network_of(2)}));
}

TEST(WaitingRoom, StrangersOfAllNetworksLeaveKnownClientsSomePlaces) {
    WaitingRoom room(8);
    std::vector<Places> floods;
    std::size_t taken = 0;
    for (int number = 1; number <= 20; ++number) taken += floods.emplace_back(fill(room, {network_of(number)})).size();
    EXPECT_EQ(taken, 6U);
    EXPECT_FALSE(room.enter({network_of(99)}));
    // From the same network as the flood.
    auto const known = fill(room, {network_of(1), true});
    EXPECT_EQ(known.size(), 2U);
    EXPECT_FALSE(room.enter({network_of(2), true})) << "the room has no more places than it was made with";
}

TEST(WaitingRoom, KnownClientsOfOneNetworkFillNoMoreThanHalf) {
    WaitingRoom room(8);
    auto const flood = fill(room, {network_of(1), true});
    EXPECT_EQ(flood.size(), 4U);
    auto const strangers = fill(room, {network_of(2)});
    EXPECT_EQ(strangers.size(), 4U) << "strangers have what is left";
    EXPECT_FALSE(room.enter({network_of(2), true}));
}

TEST(WaitingRoom, APlaceIsFreeWhenItsHolderLeaves) {
    WaitingRoom room(1);
    auto place = room.enter({network_of(1)});
    ASSERT_TRUE(place);
    EXPECT_FALSE(room.enter({network_of(1)}));
    EXPECT_FALSE(room.enter({network_of(2)}));
    place.reset();
    EXPECT_TRUE(room.enter({network_of(2)}));
}

TEST(WaitingRoom, CommandsOfTheProgramAreOfNoNetwork) {
    WaitingRoom room(4);
    EXPECT_EQ(fill(room, {}).size(), 3U);
    WaitingRoom smallest(1);
    EXPECT_EQ(fill(smallest, {}).size(), 1U);
    WaitingRoom none(0);
    EXPECT_FALSE(none.enter({}));
    EXPECT_FALSE(none.enter({network_of(1), true}));
}

TEST(WaitingRoom, TellsHowLongTheLastOneStayed) {
    WaitingRoom room(2);
    EXPECT_EQ(room.wait(), std::chrono::seconds(1));
    auto place = room.enter({network_of(1)});
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    place.reset();
    EXPECT_GE(room.wait(), std::chrono::seconds(2));
}

}  // namespace
}  // namespace clinikk
