#include "service/second_factor_service.hpp"

#include <algorithm>
#include <cctype>

#include "domain/totp.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

constexpr auto disk = FakeStorage::Kind::disk;

class SecondFactorServiceTest : public ::testing::Test {
protected:
    Result<Login> log_in(std::string code = {}, std::string_view password = "secret") {
        return run_task(
            process_.sessions.log_in("ada@example.org", password, {"192.0.2.1", "a phone", std::move(code)}));
    }
    static ErrorCode code_of(auto const& refused) { return refused ? ErrorCode::internal : refused.error().code; }

    Result<NewTotp> begin(std::string_view password = "secret") {
        return run_task(process_.second_factors.begin(caller_, password, "192.0.2.1"));
    }
    Result<std::vector<std::string>> confirm(std::string_view code) {
        return run_task(process_.second_factors.confirm(caller_, code, "192.0.2.1"));
    }
    Result<void> remove(std::string_view code) {
        return run_task(process_.second_factors.remove(caller_, code, "192.0.2.1"));
    }

    /// What the authenticator shows, so many steps from now.
    std::string shown(std::int64_t later = 0) {
        auto const sealed = world_.tables().totp.at(caller_.user.id).sealed_secret;
        auto const secret = process_.box.open(sealed, caller_.user.id.to_string()).value();
        return totp_code(secret, totp_step(world_.clock.now()) + later);
    }

    std::vector<std::string> enrol() {
        EXPECT_TRUE(begin());
        auto codes = confirm(shown()).value();
        world_.clock.jump(seconds(60));
        return codes;
    }

    World world_;
    Caller caller_ = world_.add_caller("ada@example.org");
    Process process_{world_, disk};
};

TEST_F(SecondFactorServiceTest, ProtectsNothingBeforeItsFirstCode) {
    EXPECT_EQ(code_of(begin("wrong")), ErrorCode::password_wrong);
    EXPECT_EQ(code_of(confirm("123456")), ErrorCode::totp_not_found);
    ASSERT_TRUE(begin());
    auto const replaced = shown();
    ASSERT_TRUE(begin());
    EXPECT_EQ(code_of(confirm(replaced)), ErrorCode::totp_wrong);
    EXPECT_TRUE(log_in());
    EXPECT_EQ(code_of(remove(shown())), ErrorCode::totp_not_found);
    EXPECT_EQ(confirm(shown())->size(), 10U);
    EXPECT_EQ(code_of(log_in()), ErrorCode::totp_required);
    EXPECT_EQ(code_of(begin()), ErrorCode::totp_active);
    EXPECT_EQ(code_of(confirm(shown(1))), ErrorCode::totp_not_found);
}

TEST_F(SecondFactorServiceTest, IsAskedForAfterTheRightPasswordOnly) {
    enrol();
    EXPECT_EQ(code_of(log_in(shown(), "wrong")), ErrorCode::credentials_invalid);
    EXPECT_EQ(code_of(log_in({}, "wrong")), ErrorCode::credentials_invalid);
    EXPECT_EQ(code_of(log_in()), ErrorCode::totp_required);
    EXPECT_TRUE(log_in(shown()));
}

TEST_F(SecondFactorServiceTest, EachCodeOpensOneSession) {
    auto const codes = enrol();
    auto const code = shown();
    EXPECT_TRUE(log_in(code));
    EXPECT_EQ(code_of(log_in(code)), ErrorCode::totp_wrong);
    EXPECT_TRUE(log_in(shown(1))) << "the authenticator's clock is fast";
    for (auto const& recovery : codes) {
        EXPECT_EQ(recovery.size(), 29U);
        EXPECT_TRUE(log_in(recovery));
        EXPECT_EQ(code_of(log_in(recovery)), ErrorCode::totp_wrong);
    }
}

TEST_F(SecondFactorServiceTest, ARecoveryCodeIsTakenHoweverItIsTyped) {
    auto code = enrol().at(3);
    std::ranges::replace(code, '-', ' ');
    for (auto& c : code) c = static_cast<char>(std::tolower(c));
    EXPECT_TRUE(log_in(code));
}

TEST_F(SecondFactorServiceTest, WrongCodesAreLimitedAlthoughThePasswordIsRight) {
    auto const codes = enrol();
    int tries = 0;
    while (code_of(log_in("000000")) == ErrorCode::totp_wrong && tries < 100) {
        ++tries;
        log_in();  // with the right password alone, which clears no failures
    }
    EXPECT_GT(tries, 1);
    EXPECT_LE(tries, 10);
    EXPECT_EQ(code_of(log_in(codes.front())), ErrorCode::rate_limited);
    EXPECT_EQ(code_of(remove(codes.front())), ErrorCode::rate_limited);
    world_.clock.jump(std::chrono::hours(1));
    EXPECT_TRUE(log_in(codes.front()));
}

TEST_F(SecondFactorServiceTest, IsRemovedWithOneOfItsCodes) {
    auto const codes = enrol();
    EXPECT_EQ(code_of(remove("000000")), ErrorCode::totp_wrong);
    EXPECT_TRUE(remove(codes.front()));
    EXPECT_TRUE(log_in());
    EXPECT_TRUE(world_.tables().recovery_codes.empty());
    enrol();
    EXPECT_TRUE(remove(shown()));
}

TEST_F(SecondFactorServiceTest, WithoutItsKeyTheRecoveryCodesStillWork) {
    auto const codes = enrol();
    auto const code = shown();
    world_.change([&](Tables& tables) { tables.totp.at(caller_.user.id).sealed_secret = "of another key"; });
    EXPECT_EQ(code_of(log_in(code)), ErrorCode::totp_wrong);
    EXPECT_TRUE(log_in(codes.front()));
}

/// At whatever call a login breaks: a code is used up exactly when there is a session.
TEST_F(SecondFactorServiceTest, ACodeIsUsedUpWithASessionOrNotAtAll) {
    enrol();
    auto const before = world_.tables().sessions.size();
    world_.change([&](Tables& tables) { tables.users.at(caller_.user.id).is_active = false; });
    auto const step = world_.tables().totp.at(caller_.user.id).last_step;
    EXPECT_EQ(code_of(log_in(shown())), ErrorCode::credentials_invalid);
    EXPECT_EQ(world_.tables().totp.at(caller_.user.id).last_step, step);
    EXPECT_EQ(world_.tables().sessions.size(), before);
}

}  // namespace
}  // namespace clinikk
