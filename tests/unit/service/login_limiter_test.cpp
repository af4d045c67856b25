#include "service/login_limiter.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class LoginLimiterTest : public ::testing::Test {
protected:
    void fail(std::string_view network, int times = 1, std::string_view account = "ada") {
        for (int i = 0; i < times; ++i) limiter_.failed(account, network, now_);
    }
    seconds wait(std::string_view network, std::string_view account = "ada") {
        return limiter_.standing(account, network, now_).wait;
    }
    static std::string network(int number) { return "192.0.2." + std::to_string(number); }

    LoginLimiter limiter_;
    LoginLimiter::Time now_{hours(1000)};
};

TEST_F(LoginLimiterTest, AskingCostsNothing) {
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(wait("here"), seconds(0));
    EXPECT_EQ(limiter_.size(), 0U);
}

TEST_F(LoginLimiterTest, TheTenthFailureCostsAWaitThatDoubles) {
    fail("here", 9);
    EXPECT_EQ(wait("here"), seconds(0));
    for (int const expected : {5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900}) {
        fail("here");
        EXPECT_EQ(wait("here"), seconds(expected));
        now_ += seconds(expected - 1);
        EXPECT_EQ(wait("here"), seconds(1));
        now_ += seconds(1);
        EXPECT_EQ(wait("here"), seconds(0));
    }
}

TEST_F(LoginLimiterTest, APartOfASecondIsToldAsAWholeOne) {
    fail("here", 10);
    now_ += std::chrono::milliseconds(4001);
    EXPECT_EQ(wait("here"), seconds(1));
}

TEST_F(LoginLimiterTest, WhatFailsAtOnceAddsUpToAnHour) {
    limiter_.succeeded("ada", "here");
    fail("here", 12);
    EXPECT_EQ(wait("here"), seconds(5 + 10 + 20));
    fail("here", 1000);
    EXPECT_EQ(wait("here"), seconds(3600));
}

TEST_F(LoginLimiterTest, FailuresAreForgottenAnHourAfterTheWait) {
    fail("here", 10);
    now_ += seconds(5) + hours(1);
    fail("here");
    EXPECT_EQ(wait("here"), seconds(10));
    now_ += seconds(10) + hours(1) + seconds(1);
    fail("here", 9);
    EXPECT_EQ(wait("here"), seconds(0));
}

TEST_F(LoginLimiterTest, GuessesFromElsewhereDoNotSlowDownTheRightPassword) {
    fail("elsewhere", 50);
    EXPECT_GT(wait("elsewhere"), seconds(0));
    EXPECT_EQ(wait("here"), seconds(0));
    EXPECT_EQ(wait("elsewhere", "bob"), seconds(0));
}

TEST_F(LoginLimiterTest, ASuccessForgetsTheOwnFailures) {
    fail("here", 9);
    limiter_.succeeded("ada", "here");
    fail("here", 9);
    EXPECT_EQ(wait("here"), seconds(0));
}

TEST_F(LoginLimiterTest, StrangersTogetherHaveAHundredFailuresAndThenOneEachTenSeconds) {
    for (int number = 0; number < 99; ++number) fail(network(number));
    EXPECT_EQ(wait("here"), seconds(0));
    fail(network(99));
    EXPECT_EQ(wait("here"), seconds(10));
    fail(network(100));
    EXPECT_EQ(wait("here"), seconds(20));
    now_ += seconds(20);
    EXPECT_EQ(wait("here"), seconds(0));
    fail(network(101));
    EXPECT_EQ(wait("here"), seconds(10));
    EXPECT_EQ(wait("here", "bob"), seconds(0));
}

TEST_F(LoginLimiterTest, WhoHasLoggedInBeforeIsNotSlowedDownByStrangers) {
    EXPECT_FALSE(limiter_.standing("ada", "here", now_).is_known);
    limiter_.succeeded("ada", "here");
    for (int i = 0; i < 1000; ++i) fail(network(i % 200));
    EXPECT_GT(wait("there"), seconds(0));
    EXPECT_EQ(wait("here"), seconds(0));
    EXPECT_TRUE(limiter_.standing("ada", "here", now_).is_known);
    EXPECT_FALSE(limiter_.standing("bob", "here", now_).is_known);
    // By its own failures it is, and they cost strangers nothing.
    auto const others = wait("there");
    fail("here", 10);
    EXPECT_EQ(wait("here"), seconds(5));
    EXPECT_EQ(wait("there"), others);
}

TEST_F(LoginLimiterTest, MemoryIsBoundedAndTheLatestIsKept) {
    LoginLimiter limiter(100);
    limiter.succeeded("ada", "here");
    for (int i = 0; i < 10'000; ++i) {
        limiter.failed("made up " + std::to_string(i) + std::string(300, 'x'), network(i), now_);
        ASSERT_LE(limiter.size(), 201U);
    }
    for (int i = 0; i < 10; ++i) limiter.failed("ada", "there", now_);
    for (int i = 0; i < 99; ++i) limiter.failed("more " + std::to_string(i), "there", now_);
    EXPECT_EQ(limiter.standing("ada", "there", now_).wait, seconds(5));
    EXPECT_TRUE(limiter.standing("ada", "here", now_).is_known) << "failures make nobody unknown";
    for (int i = 0; i < 1000; ++i) limiter.succeeded("user " + std::to_string(i), "there");
    EXPECT_EQ(limiter.size(), 300U);
    EXPECT_FALSE(limiter.standing("ada", "here", now_).is_known);
}

}  // namespace
}  // namespace clinikk
