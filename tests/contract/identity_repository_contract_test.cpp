#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class SecondFactorStoreContract : public DatabaseContract {
protected:
    SecondFactorRepository& factors() { return repositories().second_factors(); }

    Totp add_totp(std::string const& user, std::string const& secret = "sealed") {
        Totp const totp{add_user(user), secret, at(1)};
        run(factors().replace(totp));
        return totp;
    }
    void add_code(Uuid user, std::string_view code) { run(factors().insert_recovery_code({Sha256::of(code), user})); }
    bool use(Uuid user, std::string_view code) { return run(factors().use_recovery_code(user, Sha256::of(code))); }
};
INSTANTIATE_TEST_SUITE_P(Databases, SecondFactorStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(SecondFactorStoreContract, IsFoundAsItWasStoredAndConfirmed) {
    auto const totp = add_totp("a@example.org");
    auto const other = add_totp("b@example.org");
    EXPECT_FALSE(run(factors().find(new_uuid())));
    run(factors().confirm(totp.user_id, at(2)));
    auto const found = run(factors().find(totp.user_id)).value();
    EXPECT_EQ(found.sealed_secret, "sealed");
    EXPECT_EQ(found.created_at, at(1));
    EXPECT_EQ(found.confirmed_at, at(2));
    EXPECT_EQ(found.last_step, 0);
    EXPECT_FALSE(run(factors().find(other.user_id))->confirmed_at);
}

TEST_P(SecondFactorStoreContract, AcceptsLaterStepsOnly) {
    auto const user = add_totp("a@example.org").user_id;
    EXPECT_TRUE(run(factors().accept_step(user, 7, "sealed anew")));
    EXPECT_FALSE(run(factors().accept_step(user, 7, "x")));
    EXPECT_FALSE(run(factors().accept_step(user, 6, "x")));
    EXPECT_FALSE(run(factors().accept_step(new_uuid(), 9, "x")));
    EXPECT_EQ(run(factors().find(user))->last_step, 7);
    EXPECT_EQ(run(factors().find(user))->sealed_secret, "sealed anew");
    EXPECT_TRUE(run(factors().accept_step(user, 8, "x")));
}

TEST_P(SecondFactorStoreContract, ARecoveryCodeOfItsUserIsUsedOnce) {
    auto const user = add_totp("a@example.org").user_id;
    auto const other = add_totp("b@example.org").user_id;
    add_code(user, "1");
    add_code(user, "2");
    EXPECT_FALSE(use(other, "1"));
    EXPECT_TRUE(use(user, "1"));
    EXPECT_FALSE(use(user, "1"));
    EXPECT_TRUE(use(user, "2"));
    EXPECT_THROW(add_code(add_user("c@example.org"), "3"), db::UnexpectedViolation) << "it has no authenticator";
}

TEST_P(SecondFactorStoreContract, RecoveryCodesGoWithTheirAuthenticator) {
    auto const user = add_totp("a@example.org").user_id;
    add_code(user, "1");
    run(factors().replace({user, "another", at(3)}));
    EXPECT_EQ(run(factors().find(user))->sealed_secret, "another");
    EXPECT_FALSE(use(user, "1"));
    add_code(user, "2");
    run(factors().remove(user));
    EXPECT_FALSE(run(factors().find(user)));
    EXPECT_FALSE(use(user, "2"));
    EXPECT_THROW(run(factors().replace({new_uuid(), "of nobody", at(1)})), db::UnexpectedViolation);
}

class IdentityStoreContract : public DatabaseContract {
protected:
    IdentityRepository& identities() { return repositories().identities(); }

    static SignIn make_sign_in(std::string_view state, std::int64_t expires_at = 10) {
        return {Sha256::of(state), Sha256::of("browser"), "nonce", "verifier",    "https://here/callback",
                "app:/signed-in",  "challenge",           "state", at(expires_at)};
    }
    std::optional<SignIn> take(std::string_view state, std::string_view browser = "browser") {
        return run(identities().take_sign_in(Sha256::of(state), Sha256::of(browser)));
    }
    std::optional<SignInCode> take_code(std::string_view code) { return run(identities().take_code(Sha256::of(code))); }
};
INSTANTIATE_TEST_SUITE_P(Databases, IdentityStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(IdentityStoreContract, IssuerAndSubjectTogetherBelongToOneAccount) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    EXPECT_TRUE(run(identities().insert({"https://one", "sub", user, at(1)})));
    EXPECT_FALSE(run(identities().insert({"https://one", "sub", other, at(2)})));
    EXPECT_TRUE(run(identities().insert({"https://two", "sub", other, at(3)})));
    EXPECT_FALSE(run(identities().insert({"https://one", "another", user, at(3)}))) << "the account has one there";
    EXPECT_FALSE(run(identities().find("https://one", "another")));
    EXPECT_TRUE(run(identities().insert({"https://one", "SUB", other, at(4)})));
    auto const found = run(identities().find("https://one", "sub")).value();
    EXPECT_EQ(found.user_id, user);
    EXPECT_EQ(found.created_at, at(1));
    EXPECT_EQ(run(identities().find("https://one", "SUB"))->user_id, other);
    EXPECT_FALSE(run(identities().find("https://one", "su")));
    EXPECT_FALSE(run(identities().find("https://one/", "sub")));
    EXPECT_THROW(run(identities().insert({"https://one", "x", new_uuid(), at(1)})), db::UnexpectedViolation);
}

TEST_P(IdentityStoreContract, ASignInIsTakenOnceByItsBrowser) {
    run(identities().insert_sign_in(make_sign_in("1")));
    run(identities().insert_sign_in(make_sign_in("2")));
    EXPECT_FALSE(take("1", "another browser"));
    EXPECT_FALSE(take("3"));
    auto const taken = take("1").value();
    EXPECT_EQ(taken.nonce, "nonce");
    EXPECT_EQ(taken.code_verifier, "verifier");
    EXPECT_EQ(taken.callback_url, "https://here/callback");
    EXPECT_EQ(taken.redirect_url, "app:/signed-in");
    EXPECT_EQ(taken.code_challenge, "challenge");
    EXPECT_EQ(taken.app_state, "state");
    EXPECT_EQ(taken.expires_at, at(10));
    EXPECT_FALSE(take("1"));
    EXPECT_TRUE(take("2"));
}

TEST_P(IdentityStoreContract, ACodeIsTakenOnce) {
    auto const user = add_user("a@example.org");
    run(identities().insert_code({Sha256::of("1"), user, "challenge", at(10)}));
    EXPECT_FALSE(take_code("2"));
    EXPECT_FALSE(run(identities().find_code(Sha256::of("2"))));
    EXPECT_EQ(run(identities().find_code(Sha256::of("1")))->user_id, user) << "which leaves it";
    auto const taken = take_code("1").value();
    EXPECT_EQ(taken.user_id, user);
    EXPECT_EQ(taken.code_challenge, "challenge");
    EXPECT_EQ(taken.expires_at, at(10));
    EXPECT_FALSE(take_code("1"));
    EXPECT_FALSE(run(identities().find_code(Sha256::of("1"))));
    EXPECT_THROW(run(identities().insert_code({Sha256::of("3"), new_uuid(), "x", at(10)})), db::UnexpectedViolation);
}

TEST_P(IdentityStoreContract, ExpiredOnesAreRemoved) {
    auto const user = add_user("a@example.org");
    for (auto const& [text, expires_at] : {std::pair("old", 10), std::pair("new", 20)}) {
        run(identities().insert_sign_in(make_sign_in(text, expires_at)));
        run(identities().insert_code({Sha256::of(text), user, "challenge", at(expires_at)}));
    }
    run(identities().remove_expired(at(20)));
    EXPECT_FALSE(take("old"));
    EXPECT_FALSE(take_code("old"));
    EXPECT_TRUE(take("new"));
    EXPECT_TRUE(take_code("new"));
}

}  // namespace
}  // namespace clinikk::testing
