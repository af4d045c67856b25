#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/async/blocking_pool.hpp"
#include "security/access_tokens.hpp"
#include "security/password_hasher.hpp"
#include "support/fakes/fake_credentials.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {
namespace {

constexpr std::chrono::seconds lifetime{60};

/// A hasher and tokens: those of the program, or those that service tests use.
struct CredentialsUnderTest {
    Calls calls;
    BlockingPool pool{1};
    std::unique_ptr<PasswordHasher> hasher;
    std::unique_ptr<AccessTokens> tokens;
};

using MakeCredentials = void (*)(CredentialsUnderTest&);

void make_real(CredentialsUnderTest& made) {
    made.hasher = make_password_hasher(made.pool, {1, 64 * 1024}, 8);
    made.tokens = make_access_tokens({"HS256", std::string(32, 's'), {}, "test", lifetime});
}

void make_fake(CredentialsUnderTest& made) {
    made.hasher = std::make_unique<FakePasswordHasher>(made.calls);
    made.tokens = std::make_unique<FakeAccessTokens>(lifetime);
}

class CredentialsContract : public ::testing::TestWithParam<MakeCredentials> {
protected:
    CredentialsContract() { GetParam()(made_); }

    bool verify(std::string_view password, std::string_view hash) {
        return run_task(made_.hasher->verify(password, hash, {})).value();
    }

    CredentialsUnderTest made_;
};
INSTANTIATE_TEST_SUITE_P(Implementations, CredentialsContract, ::testing::Values(make_real, make_fake));

TEST_P(CredentialsContract, APasswordBelongsToItsHashOnly) {
    auto const hash = run_task(made_.hasher->hash("correct horse", {})).value();
    EXPECT_TRUE(verify("correct horse", hash));
    EXPECT_FALSE(verify("correct horsf", hash));
    EXPECT_FALSE(verify("correct hors", hash));
    EXPECT_FALSE(verify("correct horse ", hash));
    EXPECT_FALSE(verify("correct horse", ""));
    EXPECT_FALSE(made_.hasher->is_outdated(hash));
}

TEST_P(CredentialsContract, ATokenSaysWhoItIsForUntilItExpires) {
    AccessClaims const claims{new_uuid(), new_uuid()};
    Timestamp const at{std::chrono::seconds(1'700'000'000)};
    auto const token = made_.tokens->issue(claims, at);
    EXPECT_EQ(made_.tokens->lifetime(), lifetime);
    for (auto const age : {std::chrono::seconds(0), lifetime - std::chrono::seconds(1)}) {
        auto const verified = made_.tokens->verify(token, at + age);
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->user_id, claims.user_id);
        EXPECT_EQ(verified->session_id, claims.session_id);
    }
    // Half a minute is for the clocks of other hosts; a session's own end is in its row.
    auto const late = made_.tokens->verify(token, at + lifetime + std::chrono::seconds(30));
    ASSERT_TRUE(late.has_error());
    EXPECT_EQ(late.error().code, ErrorCode::not_authenticated);
    for (auto const& wrong : {std::string(), token.substr(0, 40), token + 'x'}) {
        EXPECT_TRUE(made_.tokens->verify(wrong, at).has_error()) << wrong;
    }
}

}  // namespace
}  // namespace clinikk::testing
