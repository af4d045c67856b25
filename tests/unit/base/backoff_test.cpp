#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include <set>

namespace clinikk {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesTheBoundUpToTheLongest) {
    for (int again = 0; again < 100; ++again) {
        Backoff backoff(4ms, 25ms);
        for (auto const bound : {4ms, 8ms, 16ms, 25ms, 25ms, 25ms}) {
            auto const pause = backoff.next();
            EXPECT_GE(pause, bound / 2);
            EXPECT_LE(pause, bound);
        }
    }
}

TEST(Backoff, NeverPausesLongerThanTheLongest) {
    Backoff backoff(500ms, 100ms);
    for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next(), 100ms);
}

TEST(Backoff, BeginsAnewAfterASuccess) {
    Backoff backoff(10ms, 10s);
    for (int i = 0; i < 100; ++i) backoff.next();
    EXPECT_GE(backoff.next(), 5s);
    backoff.reset();
    EXPECT_LE(backoff.next(), 10ms);
}

TEST(Backoff, IsRandom) {
    std::set<std::chrono::milliseconds> pauses;
    for (int i = 0; i < 100; ++i) pauses.insert(Backoff(1000ms, 1000ms).next());
    EXPECT_GT(pauses.size(), 10U);
}

}  // namespace
}  // namespace clinikk
