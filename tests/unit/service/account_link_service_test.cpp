#include "service/account_link_service.hpp"

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::seconds;

constexpr auto disk = FakeStorage::Kind::disk;
Email const ada = *Email::parse("ada@example.org");
Password const new_password = *Password::parse("another secret");

std::string token_in(Mail const& mail) {
    auto const mark = mail.text.find('#');
    return mail.text.substr(mark + 1, mail.text.find('\n', mark) - mark - 1);
}

ErrorCode code_of(Result<void> const& result) { return result ? ErrorCode::internal : result.error().code; }

class AccountLinkTest : public ::testing::Test {
protected:
    Result<void> ask(Email const& email = ada, std::string network = "192.0.2.1") {
        return run_task(process_.links.request_password_reset(email, std::move(network)));
    }
    Result<void> reset(std::string const& token, Password const& password = new_password) {
        return run_task(process_.links.reset_password(token, password, "192.0.2.1"));
    }
    Result<void> verify(std::string const& token) { return run_task(process_.links.verify_email(token, "192.0.2.1")); }

    std::vector<Mail>& mails() { return process_.mailer.sent; }
    std::string token() {
        EXPECT_TRUE(ask());
        return token_in(mails().back());
    }
    std::string verification_token() {
        EXPECT_TRUE(run_task(process_.links.request_verification(ada, "192.0.2.1")));
        return token_in(mails().back());
    }
    User user() { return world_.tables().users.at(caller_.user.id); }
    void change_user(std::function<void(User&)> const& work) {
        world_.change([&](Tables& tables) { work(tables.users.at(caller_.user.id)); });
    }
    std::size_t open_sessions() { return run_task(process_.sessions.list(caller_)).size(); }

    World world_;
    Caller caller_ = world_.add_caller("ada@example.org");
    Process process_{world_, disk};
};

TEST_F(AccountLinkTest, MailsALinkThatSetsAPasswordOnce) {
    auto const secret = token();
    ASSERT_EQ(mails().size(), 1U);
    EXPECT_EQ(mails()[0].to, "ada@example.org");
    EXPECT_NE(mails()[0].text.find("https://app.example/reset#" + secret), std::string::npos);
    EXPECT_EQ(secret.size(), 43U);
    auto const& tokens = world_.tables().account_tokens;
    ASSERT_EQ(tokens.size(), 1U);
    EXPECT_EQ(tokens.begin()->first, Sha256::of(secret)) << "only the hash is stored";
    EXPECT_EQ(open_sessions(), 1U);
    EXPECT_TRUE(reset(secret));
    EXPECT_EQ(user().password_hash, "new:another secret");
    EXPECT_TRUE(user().email_verified_at);
    EXPECT_EQ(open_sessions(), 0U);
    EXPECT_EQ(code_of(reset(secret, *Password::parse("a third secret"))), ErrorCode::one_time_token_invalid);
    EXPECT_EQ(user().password_hash, "new:another secret");
}

/// Somebody may have registered the address of another person, to be there when that person comes.
TEST_F(AccountLinkTest, AResetLeavesNothingToWhoRegisteredTheAddressOfAnother) {
    for (bool const was_verified : {false, true}) {
        SCOPED_TRACE(was_verified);
        auto const now = world_.clock.now();
        change_user([&](User& user) { user.email_verified_at = was_verified ? std::optional(now) : std::nullopt; });
        auto const key = run_task(process_.api_keys.create(caller_, {"a key", Scopes{}, {}}));
        ASSERT_TRUE(key);
        world_.change([&](Tables& tables) {
            tables.totp[caller_.user.id] = Totp{caller_.user.id, "sealed", now, now, 0};
            tables.sign_in_codes[Sha256::of("code")] = SignInCode{Sha256::of("code"), caller_.user.id, "", now};
            ResumableUpload upload;
            upload.id = new_uuid();
            upload.owner_id = caller_.user.id;
            tables.resumable_uploads = {{upload.id, upload}};
        });
        ASSERT_TRUE(reset(token()));
        EXPECT_TRUE(world_.tables().api_keys.empty());
        EXPECT_TRUE(world_.tables().sign_in_codes.empty());
        EXPECT_EQ(world_.tables().resumable_uploads.begin()->second.state, ResumableState::cancelled);
        EXPECT_EQ(world_.tables().totp.empty(), !was_verified) << "who has proven the address keeps the second factor";
        world_.change([&](Tables& tables) { tables.sessions.at(caller_.credential.id()).revoked_at = {}; });
    }
}

TEST_F(AccountLinkTest, ATokenLastsForAnHour) {
    auto const [first, second] = std::pair(token(), token());
    world_.clock.jump(hours(1) - seconds(1));
    EXPECT_TRUE(reset(first));
    auto const third = token();
    world_.clock.jump(hours(1));
    EXPECT_EQ(code_of(reset(third)), ErrorCode::one_time_token_invalid);
    EXPECT_EQ(code_of(reset(second)), ErrorCode::one_time_token_invalid);
    world_.clock.jump(seconds(1));
    process_.collect();
    EXPECT_TRUE(world_.tables().account_tokens.empty());
}

TEST_F(AccountLinkTest, AVerificationLastsForADay) {
    auto const [first, second] = std::pair(verification_token(), verification_token());
    world_.clock.jump(hours(24) - seconds(1));
    EXPECT_TRUE(verify(first));
    world_.clock.jump(seconds(1));
    EXPECT_EQ(code_of(verify(second)), ErrorCode::one_time_token_invalid);
}

TEST_F(AccountLinkTest, UsingOneLinkWithdrawsTheOthers) {
    auto const [first, second] = std::pair(token(), token());
    EXPECT_TRUE(reset(second));
    EXPECT_EQ(code_of(reset(first)), ErrorCode::one_time_token_invalid);
}

TEST_F(AccountLinkTest, ChangingThePasswordWithdrawsLinks) {
    auto const first = token();
    ASSERT_TRUE(run_task(process_.sessions.change_password(caller_, "secret", new_password, "192.0.2.1")));
    EXPECT_EQ(code_of(reset(first)), ErrorCode::one_time_token_invalid);
    auto const second = token();
    ASSERT_TRUE(run_task(process_.users.set_password(ada, new_password)));
    EXPECT_EQ(code_of(reset(second)), ErrorCode::one_time_token_invalid);
}

TEST_F(AccountLinkTest, ATokenIsGoodForItsPurposeOnly) {
    EXPECT_EQ(code_of(verify(token())), ErrorCode::one_time_token_invalid);
    EXPECT_EQ(code_of(reset(verification_token())), ErrorCode::one_time_token_invalid);
    for (auto const& text : {std::string(), std::string("x"), std::string(43, 'A')}) {
        EXPECT_EQ(code_of(reset(text)), ErrorCode::one_time_token_invalid);
        EXPECT_EQ(code_of(verify(text)), ErrorCode::one_time_token_invalid);
    }
    EXPECT_FALSE(user().email_verified_at);
}

TEST_F(AccountLinkTest, AnUnknownAddressIsAnsweredAlikeAndGetsNoMail) {
    EXPECT_TRUE(ask(*Email::parse("nobody@example.org")));
    EXPECT_TRUE(mails().empty());
    EXPECT_TRUE(world_.tables().account_tokens.empty());
}

TEST_F(AccountLinkTest, ADisabledAccountGetsNothing) {
    auto const secret = token();
    change_user([](User& user) { user.is_active = false; });
    EXPECT_TRUE(ask());
    EXPECT_EQ(mails().size(), 1U);
    EXPECT_EQ(code_of(reset(secret)), ErrorCode::one_time_token_invalid);
    change_user([](User& user) { user.is_active = true; });
    EXPECT_TRUE(reset(secret));
}

TEST_F(AccountLinkTest, AnAccountGetsThreeMailsOfAKindWithinAnHour) {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(ada, "192.0.2." + std::to_string(i)));
    EXPECT_EQ(mails().size(), 3U);
    verification_token();
    EXPECT_EQ(mails().size(), 4U) << "another kind";
    world_.clock.jump(hours(1));
    EXPECT_TRUE(ask());
    EXPECT_EQ(mails().size(), 5U);
}

TEST_F(AccountLinkTest, WhoAsksTooOftenWaitsWhetherOrNotTheAddressIsKnown) {
    for (auto const* const address : {"ada@example.org", "nobody@example.org"}) {
        auto const email = *Email::parse(address);
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(ask(email)) << i;
        auto const limited = ask(email);
        ASSERT_EQ(code_of(limited), ErrorCode::rate_limited);
        EXPECT_EQ(limited.error().retry_after, seconds(5));
        EXPECT_TRUE(ask(email, "198.51.100.1"));
        world_.clock.jump(seconds(5));
        EXPECT_TRUE(ask(email));
    }
}

TEST_F(AccountLinkTest, WithoutAMailServerNothingCanBeAskedFor) {
    AccountLinkService links(process_.work, process_.hasher, process_.throttle, nullptr, world_.clock, {}, world_.log);
    EXPECT_EQ(code_of(run_task(links.request_password_reset(ada, "192.0.2.1"))), ErrorCode::mail_unavailable);
    EXPECT_EQ(code_of(run_task(links.request_verification(ada, "192.0.2.1"))), ErrorCode::mail_unavailable);
    run_task(links.welcome(user()));
    EXPECT_TRUE(world_.tables().account_tokens.empty());
}

TEST_F(AccountLinkTest, AFullQueueAndABrokenDatabaseAreNotTold) {
    process_.mailer.is_full = true;
    EXPECT_TRUE(ask());
    process_.calls.before = [](int, std::string_view name) {
        if (!name.starts_with("throttles.")) throw Unavailable("no database (expected here)");
    };
    EXPECT_TRUE(ask());
    process_.calls.before = nullptr;
    process_.mailer.is_full = false;
    EXPECT_TRUE(ask());
    EXPECT_EQ(mails().size(), 1U);
}

TEST_F(AccountLinkTest, TheAddressIsNoPassword) {
    auto const secret = token();
    auto const refused = reset(secret, *Password::parse("Ada@Example.org"));
    ASSERT_EQ(code_of(refused), ErrorCode::validation_failed);
    EXPECT_EQ(refused.error().errors.at(0).pointer, "#/new_password");
    EXPECT_TRUE(reset(secret)) << "the token is not used up";
}

TEST_F(AccountLinkTest, AnAddressIsVerifiedOnceAndThenNoMailIsSent) {
    run_task(process_.links.welcome(user()));
    ASSERT_EQ(mails().size(), 1U);
    EXPECT_NE(mails()[0].text.find("https://app.example/verify#"), std::string::npos);
    auto const secret = token_in(mails()[0]);
    EXPECT_TRUE(verify(secret));
    EXPECT_EQ(user().email_verified_at, world_.clock.now());
    EXPECT_EQ(code_of(verify(secret)), ErrorCode::one_time_token_invalid);
    EXPECT_TRUE(run_task(process_.links.request_verification(ada, "192.0.2.1")));
    EXPECT_EQ(mails().size(), 1U);
}

TEST_F(AccountLinkTest, AnUnverifiedAccountMayBeRefusedAndOnlyAfterTheRightPassword) {
    SessionService strict(process_.work, process_.hasher, process_.tokens, process_.second_factor, process_.throttle,
                          world_.clock, {.require_verified_email = true}, world_.log);
    auto const log_in = [&](std::string_view password) {
        auto const login = run_task(strict.log_in("ada@example.org", password, {.network = "192.0.2.1"}));
        return login ? ErrorCode::internal : login.error().code;
    };
    EXPECT_EQ(log_in("wrong"), ErrorCode::credentials_invalid);
    EXPECT_EQ(log_in("secret"), ErrorCode::email_unverified);
    ASSERT_TRUE(verify(verification_token()));
    EXPECT_EQ(log_in("secret"), ErrorCode::internal) << "that is: no error";
}

TEST_F(AccountLinkTest, AccountsThatCommandsMakeAreVerified) {
    auto const made = run_task(process_.users.add(*Email::parse("a@example.org"), new_password, Role::admin));
    EXPECT_TRUE(made->email_verified_at);
    auto const registered =
        run_task(process_.users.add(*Email::parse("b@example.org"), new_password, Role::viewer, "192.0.2.1"));
    EXPECT_FALSE(registered->email_verified_at);
}

/// Whatever goes wrong at whatever call of a reset: the token is used up exactly if the password is set.
TEST(AccountLinkFaults, LeaveEitherTheOldPasswordAndTheTokenOrTheNewPassword) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            auto const id = world.add_caller("ada@example.org").user.id;
            std::string secret;
            {
                Process first(world, disk);
                run_task(first.links.request_password_reset(ada, "192.0.2.1")).value();
                secret = token_in(first.mailer.sent.at(0));
            }
            Process process(world, disk);
            break_call(process.calls, number, fault);
            auto const done = outcome_of(process.links.reset_password(secret, new_password, "192.0.2.1"));
            bool const reached = process.calls.count() >= number;
            auto const tables = world.tables();
            bool const is_set = tables.users.at(id).password_hash == "new:another secret";
            EXPECT_EQ(tables.account_tokens.at(Sha256::of(secret)).used_at.has_value(), is_set);
            if (done && *done) EXPECT_TRUE(is_set);
            return reached;
        });
        EXPECT_GE(calls, 8);
    }
}

}  // namespace
}  // namespace clinikk
