#include <functional>
#include <utility>

#include "app/system_clock.hpp"
#include "base/log.hpp"
#include "contract/database_contract.hpp"
#include "security/access_tokens.hpp"
#include "security/password_hasher.hpp"
#include "security/secret_box.hpp"
#include "service/session_service.hpp"

namespace clinikk::testing {
namespace {

/// A real hasher. What is to happen while a password is compared happens when it has been.
class InterruptedHasher final : public PasswordHasher {
public:
    explicit InterruptedHasher(PasswordHasher& hasher) : hasher_(hasher) {}

    std::function<Task<>()> meanwhile{};

    Task<Result<std::string>> hash(std::string_view password, HashingClient client) override {
        return hasher_.hash(password, std::move(client));
    }
    Task<Result<bool>> verify(std::string_view password, std::string_view hash, HashingClient client) override {
        // Not const: Boost would return whether there is a result, as a bool, instead of the result.
        auto matches = co_await hasher_.verify(password, hash, std::move(client));
        auto const happening = std::exchange(meanwhile, nullptr);
        if (happening) co_await happening();
        co_return matches;
    }
    bool is_outdated(std::string_view hash) const override { return hasher_.is_outdated(hash); }

private:
    PasswordHasher& hasher_;
};

class SessionServiceContract : public DatabaseContract {
protected:
    static constexpr std::string_view password = "correct horse";

    SessionServiceContract() {
        user_.id = new_uuid();
        user_.email = user_.email_key = "ada@example.org";
        user_.role = Role::editor;
        user_.password_hash = hash_of(password);
        user_.created_at = at(0);
        EXPECT_TRUE(run(repositories().users().insert(user_)).has_value());
    }

    std::string hash_of(std::string_view text) { return run(real_->hash(text, {})).value(); }
    Result<Login> log_in(std::string_view text = password) {
        return run(sessions_.log_in(user_.email, text, {"192.0.2.1", {}}));
    }

    app::SystemClock clock_;
    BlockingPool pool_{1};
    std::unique_ptr<PasswordHasher> real_ = make_password_hasher(pool_, {1, 64 * 1024}, 8);
    InterruptedHasher hasher_{*real_};
    std::unique_ptr<AccessTokens> tokens_ =
        make_access_tokens({"HS256", std::string(32, 's'), {}, "test", std::chrono::seconds(60)});
    Log log_{LogLevel::error, LogFormat::text};
    std::unique_ptr<SecretBox> box_ = make_secret_box({std::string(32, 's')});
    SecondFactor second_factor_{*box_, log_};
    Throttle throttle_{work(), clock_, true};
    SessionService sessions_{work(), hasher_, *tokens_, second_factor_, throttle_, clock_, {}, log_};
    User user_{};
};
INSTANTIATE_TEST_SUITE_P(Databases, SessionServiceContract, ::testing::ValuesIn(all_databases()));

TEST_P(SessionServiceContract, ALoginIsWhoItSaysItIs) {
    auto const login = log_in();
    ASSERT_TRUE(login.has_value());
    auto const caller = run(sessions_.authenticate(login->access_token));
    ASSERT_TRUE(caller.has_value());
    EXPECT_EQ(caller->user.id, user_.id);
    EXPECT_TRUE(run(repositories().sessions().find_active_user(caller->credential.id(), caller->since)));
    EXPECT_EQ(log_in("wrong").error().code, ErrorCode::credentials_invalid);
}

TEST_P(SessionServiceContract, APasswordThatIsChangedWhileItIsComparedIsWrong) {
    auto const changed = hash_of("another password");
    hasher_.meanwhile = [&] { return repositories().users().set_password_hash(user_.id, changed); };
    EXPECT_EQ(log_in().error().code, ErrorCode::credentials_invalid);
    EXPECT_TRUE(log_in("another password").has_value());
}

TEST_P(SessionServiceContract, AnAccountThatIsDisabledMeanwhileStaysOut) {
    hasher_.meanwhile = [&] { return repositories().users().set_active(user_.id, false); };
    EXPECT_EQ(log_in().error().code, ErrorCode::credentials_invalid);
}

TEST_P(SessionServiceContract, AHashThatIsRenewedMeanwhileKeepsNobodyOut) {
    auto const renewed = hash_of(password);
    hasher_.meanwhile = [&] { return repositories().users().set_password_hash(user_.id, renewed); };
    EXPECT_TRUE(log_in().has_value());
}

TEST_P(SessionServiceContract, WhatWasNotComparedCountsAsNothing) {
    auto const full = make_password_hasher(pool_, {1, 64 * 1024}, 0);
    SessionService crowded(work(), *full, *tokens_, second_factor_, throttle_, clock_, {}, log_);
    for (int i = 0; i < 30; ++i) {
        auto const refused = run(crowded.log_in(user_.email, "wrong", {"192.0.2.1", {}}));
        ASSERT_EQ(refused.error().code, ErrorCode::unavailable);
        EXPECT_TRUE(refused.error().retry_after);
    }
    for (int i = 0; i < 10; ++i) EXPECT_EQ(log_in("wrong").error().code, ErrorCode::credentials_invalid);
    auto const limited = log_in();
    ASSERT_EQ(limited.error().code, ErrorCode::rate_limited);
    EXPECT_GE(limited.error().retry_after, std::chrono::seconds(1));
}

}  // namespace
}  // namespace clinikk::testing
