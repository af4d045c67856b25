#include "service/session_service.hpp"

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

constexpr auto disk = FakeStorage::Kind::disk;

void change_hash(World& world, Uuid user_id, std::string hash) {
    world.change([&](Tables& tables) { tables.users.at(user_id).password_hash = std::move(hash); });
}

class SessionServiceTest : public ::testing::Test {
protected:
    Result<Login> log_in(std::string_view password = "secret", std::string network = "192.0.2.1") {
        return run_task(process_.sessions.log_in("ada@example.org", password, {std::move(network), "a phone"}));
    }

    bool is_in(std::string_view token) { return run_task(process_.sessions.authenticate(token)).has_value(); }

    ErrorCode code_of(Result<Login> const& refused) { return refused ? ErrorCode::internal : refused.error().code; }

    void change_user(std::function<void(User&)> const& work) {
        world_.change([&](Tables& tables) { work(tables.users.at(user_.id)); });
    }

    World world_;
    User user_ = world_.add_caller("ada@example.org").user;
    Process process_{world_, disk};
};

TEST_F(SessionServiceTest, ALoginLastsForItsLifeAndNoLonger) {
    auto const login = log_in().value();
    EXPECT_EQ(login.expires_in, session_life);
    world_.clock.jump(session_life - seconds(1));
    EXPECT_TRUE(is_in(login.access_token));
    world_.clock.jump(seconds(1));
    EXPECT_FALSE(is_in(login.access_token));
}

TEST_F(SessionServiceTest, ExpiredSessionsAreKeptForAWeek) {
    log_in().value();
    auto const sessions = [&] { return world_.tables().sessions.size(); };
    ASSERT_EQ(sessions(), 2U) << "with the one that lasts for ever";
    world_.clock.jump(refresh_life + std::chrono::hours(7 * 24));
    process_.collect();
    EXPECT_EQ(sessions(), 2U);
    world_.clock.jump(seconds(1));
    EXPECT_EQ(process_.collect().sessions, 1U);
    EXPECT_EQ(sessions(), 1U);
}

TEST_F(SessionServiceTest, ChangesOfTheAccountEndItsSessionsAtOnce) {
    auto const email = *Email::parse("ada@example.org");
    auto const password = *Password::parse("another secret");
    std::vector<std::function<Task<Result<User>>()>> const changes{
        [&] { return process_.users.update(email, {.role = Role::viewer}); },
        [&] { return process_.users.update(email, {.is_active = false}); },
        [&] { return process_.users.update(email, {.is_active = true}); },
        [&] { return process_.users.set_password(email, password); },
    };
    for (auto const& change : changes) {
        change_user([](User& user) { user.is_active = true; });
        auto const token = log_in().value().access_token;
        EXPECT_TRUE(is_in(token));
        EXPECT_TRUE(run_task(change()));
        EXPECT_FALSE(is_in(token));
    }
    EXPECT_EQ(code_of(log_in()), ErrorCode::credentials_invalid);
    EXPECT_TRUE(log_in("another secret"));
}

/// At whatever call of a login the account is disabled or its password changed: no token is good afterwards.
TEST_F(SessionServiceTest, WhereverALoginIsOvertakenItGivesNothingThatIsGood) {
    using Change = std::function<void(Tables&, Uuid)>;
    Change const disable = [](Tables& tables, Uuid id) { tables.users.at(id).is_active = false; };
    Change const set_password = [](Tables& tables, Uuid id) {
        tables.users.at(id).password_hash = "new:other";
        for (auto& [session, login] : tables.sessions) login.revoked_at = login.session.created_at;
    };
    for (bool const sets_password : {false, true}) {
        auto const& change = sets_password ? set_password : disable;
        for (bool const is_before : {true, false}) {
            int const calls = for_every_call([&](int number) {
                SCOPED_TRACE((is_before ? "before call " : "after call ") + std::to_string(number));
                World world;
                auto const user = world.add_caller("ada@example.org").user;
                change_hash(world, user.id, "old:secret");
                Process process(world, disk);
                Calls::Hook const overtake = [&](int at, std::string_view) {
                    if (at == number) world.change([&](Tables& tables) { change(tables, user.id); });
                };
                (is_before ? process.calls.before : process.calls.after) = overtake;
                auto const login =
                    run_task(process.sessions.log_in("ada@example.org", "secret", {"192.0.2.1", "a phone"}));
                bool const reached = process.calls.count() >= number;
                process.calls.before = process.calls.after = nullptr;
                if (login && reached) EXPECT_FALSE(run_task(process.sessions.authenticate(login->access_token)));
                if (reached && sets_password) EXPECT_EQ(world.tables().users.at(user.id).password_hash, "new:other");
                return reached;
            });
            EXPECT_GE(calls, 5);
        }
    }
}

TEST_F(SessionServiceTest, AnOutdatedHashIsMadeAnew) {
    change_hash(world_, user_.id, "old:secret");
    ASSERT_TRUE(log_in());
    EXPECT_EQ(world_.tables().users.at(user_.id).password_hash, "new:secret");
}

TEST_F(SessionServiceTest, WhoGuessesWaitsAsLongAsItIsTold) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(log_in("wrong")), ErrorCode::credentials_invalid) << i;
    seconds wait(5);
    for (int round = 0; round < 12; ++round) {
        auto const limited = log_in();
        ASSERT_EQ(code_of(limited), ErrorCode::rate_limited) << round;
        EXPECT_EQ(limited.error().retry_after, wait);
        EXPECT_TRUE(log_in("secret", "198.51.100.1")) << "others are not slowed down";
        world_.clock.jump(wait - seconds(1));
        EXPECT_EQ(code_of(log_in()), ErrorCode::rate_limited);
        world_.clock.jump(seconds(1));
        EXPECT_EQ(code_of(log_in("wrong")), ErrorCode::credentials_invalid);
        wait = std::min(2 * wait, seconds(15 * 60));
    }
    world_.clock.jump(wait);
    EXPECT_TRUE(log_in());
    EXPECT_EQ(code_of(log_in("wrong")), ErrorCode::credentials_invalid) << "what was right is forgiven";
}

/// Processes share the waits, so they are told by the wall clock.
TEST_F(SessionServiceTest, AWallClockThatIsSetBackKeepsNobodyOut) {
    for (int i = 0; i < 12; ++i) log_in("wrong");
    EXPECT_EQ(code_of(log_in()), ErrorCode::rate_limited);
    world_.clock.set_wall_clock(-std::chrono::hours(24));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(code_of(log_in("wrong")), ErrorCode::credentials_invalid) << i;
    EXPECT_EQ(log_in().error().retry_after, seconds(5));
    world_.clock.jump(seconds(5));
    EXPECT_TRUE(log_in());
}

TEST_F(SessionServiceTest, FailuresOutliveTheProcessAndHoldInAllOfThem) {
    Process other(world_, disk);
    auto const fail_in = [](Process& process) {
        return run_task(process.sessions.log_in("ada@example.org", "wrong", {"192.0.2.1", ""}));
    };
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(code_of(fail_in(process_)), ErrorCode::credentials_invalid);
        EXPECT_EQ(code_of(fail_in(other)), ErrorCode::credentials_invalid);
    }
    Process restarted(world_, disk);
    for (auto* const process : {&process_, &other, &restarted}) {
        EXPECT_EQ(code_of(fail_in(*process)), ErrorCode::rate_limited);
    }
}

TEST_F(SessionServiceTest, ARefusalSaysWhatIsLeftOfTheLimit) {
    for (int left = 9; left >= 0; --left) {
        auto const refused = log_in("wrong");
        ASSERT_TRUE(refused.error().quota);
        EXPECT_EQ(refused.error().quota->policy, "login");
        EXPECT_EQ(refused.error().quota->size, 10);
        EXPECT_EQ(refused.error().quota->left, left);
        EXPECT_EQ(refused.error().quota->reset, left > 0 ? seconds(3600) : seconds(5));
    }
    auto const limited = log_in();
    EXPECT_EQ(limited.error().quota->left, 0);
    EXPECT_EQ(limited.error().quota->reset, limited.error().retry_after);
}

/// However many of them ask, a network that shows what is no token makes no writer work; and who has one is let in.
TEST_F(SessionServiceTest, UnknownRefreshTokensAreLimitedByNetworkAndAKnownOneIsNot) {
    auto const login = log_in().value();
    auto const refresh = [&](std::string const& token, std::string network = "192.0.2.1") {
        return run_task(process_.sessions.refresh(token, std::move(network)));
    };
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(code_of(refresh("made up " + std::to_string(i))), ErrorCode::refresh_token_invalid) << i;
    }
    auto const writes = world_.database.version();
    for (int i = 0; i < 50; ++i) EXPECT_EQ(code_of(refresh("more")), ErrorCode::rate_limited);
    EXPECT_EQ(world_.database.version(), writes);
    EXPECT_EQ(refresh("more").error().retry_after, seconds(5));
    EXPECT_EQ(code_of(refresh("more", "198.51.100.1")), ErrorCode::refresh_token_invalid);
    EXPECT_TRUE(refresh(login.refresh_token));
    world_.clock.jump(seconds(5));
    EXPECT_EQ(code_of(refresh("more")), ErrorCode::refresh_token_invalid);
    EXPECT_EQ(code_of(refresh("more")), ErrorCode::rate_limited);
}

/// What could not be compared is no guess.
TEST_F(SessionServiceTest, BreakageCountsAsNothing) {
    process_.calls.before = [](int, std::string_view name) {
        if (name == "hasher.verify") throw Unavailable("no hasher (expected here)");
    };
    for (int i = 0; i < 50; ++i) EXPECT_ANY_THROW(log_in("wrong"));
    process_.calls.before = nullptr;
    EXPECT_TRUE(log_in());
}

class RefreshTest : public SessionServiceTest {
protected:
    Result<Login> refresh(std::string const& token) { return run_task(process_.sessions.refresh(token, "192.0.2.1")); }
    ErrorCode error_of(std::string const& token) { return code_of(refresh(token)); }
};

TEST_F(RefreshTest, ContinuesASessionWithNewTokens) {
    auto const first = log_in().value();
    EXPECT_EQ(first.refresh_expires_in, refresh_life);
    EXPECT_EQ(first.refresh_token.size(), 43U);
    world_.clock.jump(refresh_life - seconds(1));
    EXPECT_FALSE(is_in(first.access_token));
    auto const second = refresh(first.refresh_token).value();
    EXPECT_NE(second.refresh_token, first.refresh_token);
    EXPECT_TRUE(is_in(second.access_token));
    world_.clock.jump(refresh_life - seconds(1));
    EXPECT_TRUE(refresh(second.refresh_token)) << "each use begins the life of the session again";
}

TEST_F(RefreshTest, NeedsAVerifiedAddressWhereTheSettingsSaySo) {
    auto const login = log_in().value();
    SessionOptions const strict{.refresh_life = refresh_life, .require_verified_email = true};
    SessionService sessions{process_.work,     process_.hasher, process_.tokens, process_.second_factor,
                            process_.throttle, world_.clock,    strict,          world_.log};
    EXPECT_EQ(code_of(run_task(sessions.refresh(login.refresh_token, "192.0.2.1"))), ErrorCode::email_unverified);
    change_user([&](User& user) { user.email_verified_at = world_.clock.now(); });
    auto const next = run_task(sessions.refresh(login.refresh_token, "192.0.2.1"));
    ASSERT_TRUE(next) << "the refusal has not used the token up";
    change_user([](User& user) { user.email_verified_at.reset(); });
    world_.clock.jump(seconds(11));
    EXPECT_EQ(code_of(run_task(sessions.refresh(login.refresh_token, "192.0.2.1"))), ErrorCode::refresh_token_invalid);
    EXPECT_FALSE(is_in(next->access_token)) << "a copy ends the session all the same";
}

TEST_F(SessionServiceTest, WithoutAPasswordAFreshSignInProvesTheOwner) {
    auto const caller = world_.add_caller("grace@example.org");
    auto const confirm = [&](std::optional<std::string_view> password) {
        HashingClient client{"192.0.2.1"};
        Caller const now{world_.tables().users.at(caller.user.id), caller.credential, world_.clock.now()};
        auto const done = run_task(process_.sessions.confirm_owner(now, password, client));
        return done ? ErrorCode::internal : done.error().code;
    };
    EXPECT_EQ(confirm(std::nullopt), ErrorCode::validation_failed);
    EXPECT_EQ(confirm("wrong"), ErrorCode::password_wrong);
    EXPECT_EQ(confirm("secret"), ErrorCode::internal);
    change_hash(world_, caller.user.id, "");
    EXPECT_EQ(confirm(std::nullopt), ErrorCode::internal);
    world_.clock.jump(std::chrono::minutes(5));
    EXPECT_EQ(confirm("anything"), ErrorCode::internal);
    world_.clock.jump(seconds(1));
    EXPECT_EQ(confirm("anything"), ErrorCode::fresh_sign_in_required);
}

TEST_F(RefreshTest, StoresNoToken) {
    auto const login = log_in().value();
    auto const& tokens = world_.tables().refresh_tokens;
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens.begin()->first, Sha256::of(login.refresh_token));
}

TEST_F(RefreshTest, RefusesWhatItHasNotIssued) {
    auto const login = log_in().value();
    for (auto const& token : {std::string(), std::string("x"), std::string(43, 'A'), login.access_token,
                              login.refresh_token + "A", login.refresh_token.substr(1)}) {
        EXPECT_EQ(error_of(token), ErrorCode::refresh_token_invalid) << token;
    }
    EXPECT_TRUE(refresh(login.refresh_token)) << "wrong tokens do no harm";
}

TEST_F(RefreshTest, ExpiresWhenNobodyUsesIt) {
    auto const login = log_in().value();
    world_.clock.jump(refresh_life);
    EXPECT_EQ(error_of(login.refresh_token), ErrorCode::refresh_token_invalid);
}

TEST_F(RefreshTest, ARepeatedRequestEndsNothing) {
    auto const first = log_in().value();
    auto const second = refresh(first.refresh_token).value();
    world_.clock.jump(seconds(10));
    EXPECT_EQ(error_of(first.refresh_token), ErrorCode::refresh_token_reused);
    EXPECT_TRUE(is_in(second.access_token));
    EXPECT_TRUE(refresh(second.refresh_token));
}

TEST_F(RefreshTest, ATokenThatIsUsedAgainLaterEndsItsSession) {
    auto const first = log_in().value();
    auto const other = log_in().value();
    auto const second = refresh(first.refresh_token).value();
    world_.clock.jump(seconds(11));
    EXPECT_EQ(error_of(first.refresh_token), ErrorCode::refresh_token_invalid);
    EXPECT_FALSE(is_in(first.access_token));
    EXPECT_FALSE(is_in(second.access_token));
    EXPECT_EQ(error_of(second.refresh_token), ErrorCode::refresh_token_invalid);
    EXPECT_TRUE(is_in(other.access_token)) << "other sessions of the account go on";
    EXPECT_TRUE(refresh(other.refresh_token));
}

TEST_F(RefreshTest, ATokenWhoseSuccessorIsUsedEndsItsSessionAtOnce) {
    auto const first = log_in().value();
    auto const second = refresh(first.refresh_token).value();
    auto const third = refresh(second.refresh_token).value();
    EXPECT_EQ(error_of(first.refresh_token), ErrorCode::refresh_token_invalid);
    EXPECT_FALSE(is_in(third.access_token));
    EXPECT_EQ(error_of(third.refresh_token), ErrorCode::refresh_token_invalid);
}

TEST_F(RefreshTest, EndsWithTheAccountAndItsSessions) {
    auto const disabled = log_in().value();
    change_user([](User& user) { user.is_active = false; });
    EXPECT_EQ(error_of(disabled.refresh_token), ErrorCode::refresh_token_invalid);
    change_user([](User& user) { user.is_active = true; });
    auto const caller = run_task(process_.sessions.authenticate(disabled.access_token)).value();
    ASSERT_TRUE(run_task(process_.sessions.end(caller, caller.credential.id())));
    EXPECT_EQ(error_of(disabled.refresh_token), ErrorCode::refresh_token_invalid);
    EXPECT_FALSE(is_in(disabled.access_token));
}

TEST_F(RefreshTest, EndsOnlyOwnSessions) {
    auto const mine = log_in().value();
    auto const caller = run_task(process_.sessions.authenticate(mine.access_token)).value();
    auto const stranger = world_.add_caller("eve@example.org");
    auto const refused = run_task(process_.sessions.end(stranger, caller.credential.id()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::session_not_found);
    EXPECT_TRUE(is_in(mine.access_token));
    run_task(process_.sessions.end_all(stranger));
    EXPECT_TRUE(is_in(mine.access_token));
    run_task(process_.sessions.end_all(caller));
    EXPECT_FALSE(is_in(mine.access_token));
}

TEST_F(RefreshTest, ListsTheSessionUsedLastFirst) {
    auto const first = log_in().value();
    world_.clock.jump(seconds(1));
    auto const second = log_in().value();
    world_.clock.jump(seconds(1));
    ASSERT_TRUE(refresh(first.refresh_token));
    auto const caller = run_task(process_.sessions.authenticate(second.access_token)).value();
    auto const sessions = run_task(process_.sessions.list(caller));
    ASSERT_GE(sessions.size(), 2U);
    EXPECT_EQ(sessions[1].id, caller.credential.id());
    EXPECT_EQ(sessions[0].device, "a phone");
}

/// Whatever goes wrong at whatever call of a refresh: exactly one token can continue the session, and it is the new one
/// exactly if the old one is used up.
TEST(RefreshFaults, LeaveOneUsableToken) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            world.add_caller("ada@example.org");
            std::string token;
            {
                Process first(world, disk);
                token = run_task(first.sessions.log_in("ada@example.org", "secret", {})).value().refresh_token;
            }
            Process process(world, disk);
            break_call(process.calls, number, fault);
            auto const refreshed = outcome_of(process.sessions.refresh(token, "192.0.2.1"));
            bool const reached = process.calls.count() >= number;
            auto const tokens = world.tables().refresh_tokens;
            auto const& old = tokens.at(Sha256::of(token));
            EXPECT_EQ(tokens.size(), old.used_at ? 2U : 1U);
            if (old.used_at) EXPECT_FALSE(tokens.at(*old.successor_hash).used_at);
            if (refreshed && *refreshed) EXPECT_TRUE(old.used_at);
            Process other(world, disk);
            auto const again = outcome_of(other.sessions.refresh(token, "192.0.2.1"));
            bool const may_continue = again && *again;
            EXPECT_EQ(may_continue, !old.used_at);
            return reached;
        });
        EXPECT_GE(calls, 4);
    }
}

}  // namespace
}  // namespace clinikk
