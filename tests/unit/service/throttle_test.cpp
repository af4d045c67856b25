#include "service/throttle.hpp"

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::seconds;

class ThrottleTest : public ::testing::Test {
protected:
    void fail(std::string_view network, int times = 1, std::string_view account = "ada") {
        auto standing = look(network, account);
        for (int i = 0; i < times; ++i) run_task(process_.throttle.failed(standing));
    }
    Throttle::Standing look(std::string_view network, std::string_view account = "ada",
                            Attempt attempt = Attempt::login) {
        return run_task(process_.throttle.look(attempt, account, network));
    }
    seconds wait(std::string_view network, std::string_view account = "ada") {
        return std::chrono::ceil<seconds>(look(network, account).wait);
    }
    void succeed(std::string_view network) { run_task(process_.throttle.succeeded(look(network))); }
    Result<void> take(Attempt attempt, std::string_view network, std::string_view account = {}) {
        auto standing = look(network, account, attempt);
        return run_task(process_.throttle.take(standing));
    }
    static std::string network(int number) { return "192.0.2." + std::to_string(number); }
    std::size_t rows() { return world_.tables().throttles.size(); }

    World world_;
    Process process_{world_, FakeStorage::Kind::disk};
};

TEST_F(ThrottleTest, AskingCostsNothing) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(wait("here"), seconds(0));
    EXPECT_EQ(rows(), 0U);
}

TEST_F(ThrottleTest, TheTenthFailureCostsAWaitThatDoubles) {
    fail("here", 9);
    EXPECT_EQ(wait("here"), seconds(0));
    for (int const expected : {5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900}) {
        fail("here");
        EXPECT_EQ(wait("here"), seconds(expected));
        world_.clock.jump(seconds(expected - 1));
        EXPECT_EQ(wait("here"), seconds(1));
        world_.clock.jump(seconds(1));
        EXPECT_EQ(wait("here"), seconds(0));
    }
}

TEST_F(ThrottleTest, APartOfASecondIsToldAsAWholeOne) {
    fail("here", 10);
    world_.clock.jump(std::chrono::milliseconds(4001));
    EXPECT_EQ(wait("here"), seconds(1));
}

TEST_F(ThrottleTest, WhatFailsAtOnceAddsUpToAnHour) {
    succeed("here");
    fail("here", 12);
    EXPECT_EQ(wait("here"), seconds(5 + 10 + 20));
    fail("here", 100);
    EXPECT_EQ(wait("here"), seconds(3600));
}

TEST_F(ThrottleTest, FailuresAreForgottenAnHourAfterTheWait) {
    fail("here", 10);
    world_.clock.jump(seconds(5) + hours(1));
    fail("here");
    EXPECT_EQ(wait("here"), seconds(10));
    world_.clock.jump(seconds(10) + hours(1) + seconds(1));
    fail("here", 9);
    EXPECT_EQ(wait("here"), seconds(0));
}

TEST_F(ThrottleTest, GuessesFromElsewhereDoNotSlowDownTheRightPassword) {
    fail("elsewhere", 50);
    EXPECT_GT(wait("elsewhere"), seconds(0));
    EXPECT_EQ(wait("here"), seconds(0));
    EXPECT_EQ(wait("elsewhere", "bob"), seconds(0));
}

TEST_F(ThrottleTest, ASuccessForgetsTheOwnFailures) {
    fail("here", 9);
    succeed("here");
    fail("here", 9);
    EXPECT_EQ(wait("here"), seconds(0));
}

TEST_F(ThrottleTest, StrangersTogetherHaveAHundredFailuresAndThenOneEachTenSeconds) {
    for (int number = 0; number < 99; ++number) fail(network(number));
    EXPECT_EQ(wait("here"), seconds(0));
    fail(network(99));
    EXPECT_EQ(wait("here"), seconds(10));
    fail(network(100));
    EXPECT_EQ(wait("here"), seconds(20));
    world_.clock.jump(seconds(20));
    EXPECT_EQ(wait("here"), seconds(0));
    fail(network(101));
    EXPECT_EQ(wait("here"), seconds(10));
    EXPECT_EQ(wait("here", "bob"), seconds(0));
}

TEST_F(ThrottleTest, WhoHasLoggedInBeforeIsNotSlowedDownByStrangers) {
    EXPECT_FALSE(look("here").is_known);
    succeed("here");
    for (int i = 0; i < 200; ++i) fail(network(i));
    EXPECT_GT(wait("there"), seconds(0));
    EXPECT_EQ(wait("here"), seconds(0));
    EXPECT_TRUE(look("here").is_known);
    EXPECT_FALSE(look("here", "bob").is_known);
    // By its own failures it is, and they cost strangers nothing.
    auto const others = wait("there");
    fail("here", 10);
    EXPECT_EQ(wait("here"), seconds(5));
    EXPECT_EQ(wait("there"), others);
}

TEST_F(ThrottleTest, ANetworkHasAThousandFailuresForAllAccountsAndThenOneEachThreeSeconds) {
    succeed("here");
    for (int i = 0; i < 999; ++i) fail("here", 1, "made up " + std::to_string(i));
    EXPECT_EQ(wait("here", "bob"), seconds(0));
    fail("here", 1, "carol");
    EXPECT_EQ(wait("here", "bob"), seconds(3));
    EXPECT_EQ(wait("here"), seconds(0)) << "the account knows this network";
    EXPECT_EQ(wait("there", "bob"), seconds(0));
    world_.clock.jump(seconds(3));
    EXPECT_EQ(wait("here", "bob"), seconds(0));
}

TEST_F(ThrottleTest, ANetworkIsKnownFor90DaysAfterTheLastLogin) {
    succeed("here");
    world_.clock.jump(hours(24 * 89));
    succeed("here");
    world_.clock.jump(hours(24 * 90) - seconds(1));
    EXPECT_TRUE(look("here").is_known);
    world_.clock.jump(seconds(1));
    EXPECT_FALSE(look("here").is_known);
}

TEST_F(ThrottleTest, ALoginFromAKnownNetworkIsWrittenDownOnceADay) {
    succeed("here");
    auto const version = world_.database.version();
    world_.clock.jump(hours(24) - seconds(1));
    succeed("here");
    EXPECT_EQ(world_.database.version(), version);
    world_.clock.jump(seconds(1));
    succeed("here");
    EXPECT_GT(world_.database.version(), version);
}

TEST_F(ThrottleTest, WhatIsCountedBeforehandLetsNoMoreThroughAtOnceThanOneByOne) {
    std::vector<Throttle::Standing> standings(30, look("here"));  // all asked before any was counted
    int taken = 0;
    for (auto& standing : standings) taken += run_task(process_.throttle.take(standing)) ? 1 : 0;
    EXPECT_EQ(taken, 10);
    auto const refused = run_task(process_.throttle.take(standings.front()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::rate_limited);
    EXPECT_GE(refused.error().retry_after, seconds(5));
}

TEST_F(ThrottleTest, EachKindOfAttemptHasItsLimits) {
    struct Case {
        Attempt attempt;
        std::string account;
        int at_once;
        seconds wait;
    };
    for (auto const& [attempt, account, at_once, wait] :
         {Case{Attempt::registration, "ada", 10, seconds(5)}, Case{Attempt::mail, "ada", 10, seconds(5)},
          Case{Attempt::sign_in, "", 200, seconds(3)}, Case{Attempt::token, "", 100, seconds(5)}}) {
        SCOPED_TRACE(static_cast<int>(attempt));
        for (int i = 0; i < at_once; ++i) ASSERT_TRUE(take(attempt, "here", account)) << i;
        auto const version = world_.database.version();
        auto const refused = take(attempt, "here", account);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().retry_after, wait);
        EXPECT_EQ(world_.database.version(), version) << "a refusal costs no write";
        EXPECT_TRUE(take(attempt, "there", account));
        world_.clock.jump(wait);
        EXPECT_TRUE(take(attempt, "here", account));
        EXPECT_FALSE(take(attempt, "here", account));
    }
}

TEST_F(ThrottleTest, ANetworkMakesFiftyAccountsAtOnceAndGetsAHundredMails) {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(take(Attempt::registration, "here", "person " + std::to_string(i))) << i;
    EXPECT_EQ(take(Attempt::registration, "here", "one more").error().retry_after, seconds(5));
    EXPECT_TRUE(take(Attempt::registration, "there", "one more"));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(take(Attempt::mail, "here", "person " + std::to_string(i))) << i;
    EXPECT_EQ(take(Attempt::mail, "here", "one more").error().retry_after, seconds(30));
    EXPECT_TRUE(take(Attempt::mail, "there", "one more"));
}

TEST_F(ThrottleTest, NobodyKeepsAnAccountFromItsMailsWhereItHasLoggedIn) {
    succeed("here");
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(take(Attempt::mail, network(i), "ada")) << i;
    EXPECT_FALSE(take(Attempt::mail, "there", "ada"));
    EXPECT_TRUE(take(Attempt::mail, "here", "ada"));
}

TEST_F(ThrottleTest, SwitchedOffItRemembersNothingAndRefusesNobody) {
    Throttle off(process_.work, world_.clock, false);
    auto const calls = process_.calls.count();
    for (int i = 0; i < 200; ++i) {
        auto standing = run_task(off.look(Attempt::login, "ada", "here"));
        run_task(off.failed(standing));
        EXPECT_TRUE(run_task(off.take(standing)));
        EXPECT_TRUE(off.may(standing));
        EXPECT_FALSE(off.explain(Error(ErrorCode::credentials_invalid), standing).quota);
        run_task(off.succeeded(standing));
    }
    EXPECT_EQ(process_.calls.count(), calls);
}

TEST_F(ThrottleTest, WhatIsForgottenIsCollected) {
    succeed("here");
    for (int i = 0; i < 1500; ++i) fail("there", 1, "made up " + std::to_string(i));
    auto const before = rows();
    EXPECT_GT(before, 3000U);
    process_.collect();
    EXPECT_EQ(rows(), before);
    world_.clock.jump(hours(2) + std::chrono::minutes(16));
    process_.collect();
    EXPECT_EQ(rows(), 1U) << "the known network stays";
    world_.clock.jump(hours(24 * 90));
    process_.collect();
    EXPECT_EQ(rows(), 0U);
}

}  // namespace
}  // namespace clinikk
