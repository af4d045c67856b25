#include <gtest/gtest.h>

#include <deque>

#include "http/server/framed_body.hpp"

namespace clinikk::http {
namespace {

constexpr std::uint64_t huge = 1ULL << 40;

/// More bodies at once than there are large buffers, so that no large one is left.
std::deque<BodyBuffer> occupy_all() {
    std::deque<BodyBuffer> bodies(100);
    for (auto& body : bodies) body.get(huge);
    return bodies;
}

TEST(BodyBuffer, IsAsLargeAsIsUsefulAndStaysAsItIs) {
    for (std::uint64_t const useful : {1, 1000, 65'536, 65'537, 262'144}) {
        BodyBuffer body;
        EXPECT_EQ(body.get(useful).size(), useful);
        EXPECT_EQ(body.get(huge).size(), useful);
        EXPECT_EQ(body.get(1).size(), useful);
    }
    BodyBuffer body;
    EXPECT_EQ(body.get(huge).size(), 262'144U);
}

TEST(BodyBuffer, FewBodiesHaveALargeOneAtATime) {
    auto bodies = occupy_all();
    std::size_t large = 0;
    for (auto& body : bodies) {
        auto const size = body.get(huge).size();
        EXPECT_TRUE(size == 262'144 || size == 65'536) << size;
        if (size == 262'144) ++large;
    }
    EXPECT_EQ(large, 16U);
}

TEST(BodyBuffer, BodiesThatNeedLittleDoNotCount) {
    std::deque<BodyBuffer> bodies(100);
    for (auto& body : bodies) body.get(65'536);
    BodyBuffer one_more;
    EXPECT_EQ(one_more.get(huge).size(), 262'144U);
}

TEST(BodyBuffer, ALargeOneIsGivenBack) {
    {
        auto const bodies = occupy_all();
        BodyBuffer one_more;
        EXPECT_EQ(one_more.get(huge).size(), 65'536U);
    }
    BodyBuffer one_more;
    EXPECT_EQ(one_more.get(huge).size(), 262'144U);
}

}  // namespace
}  // namespace clinikk::http
