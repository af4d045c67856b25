#include "security/verified_tokens.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "security/access_tokens.hpp"

namespace clinikk {
namespace {

using std::chrono::seconds;

Timestamp const at{seconds(1'800'000'000)};

/// Counts what reaches the tokens behind it.
class CountedTokens final : public AccessTokens {
public:
    explicit CountedTokens(int& checks) : checks_(checks) {}

    std::string issue(AccessClaims const& claims, Timestamp when) override { return tokens_->issue(claims, when); }
    seconds lifetime() const noexcept override { return tokens_->lifetime(); }
    std::string public_keys() const override { return tokens_->public_keys(); }
    Result<AccessClaims> verify(std::string_view token, Timestamp when) override {
        ++checks_;
        return tokens_->verify(token, when);
    }

private:
    int& checks_;
    std::unique_ptr<AccessTokens> tokens_ =
        make_access_tokens({.secret_or_private_key_pem = std::string(32, 's'), .lifetime = seconds(100)});
};

class VerifiedTokensTest : public ::testing::Test {
protected:
    std::string issue(Timestamp when = at) { return tokens_->issue({new_uuid(), new_uuid()}, when); }
    bool is_right(std::string const& token, Timestamp when = at) { return tokens_->verify(token, when).has_value(); }

    int checks_ = 0;
    std::unique_ptr<AccessTokens> tokens_ = remember_verified(std::make_unique<CountedTokens>(checks_), 1024);
};

TEST_F(VerifiedTokensTest, ATokenIsCheckedOnce) {
    AccessClaims const claims{new_uuid(), new_uuid()};
    auto const token = tokens_->issue(claims, at);
    for (int i = 0; i < 3; ++i) {
        auto const found = tokens_->verify(token, at).value();
        EXPECT_EQ(found.user_id, claims.user_id);
        EXPECT_EQ(found.session_id, claims.session_id);
        EXPECT_EQ(found.expires_at, at + seconds(100));
    }
    EXPECT_EQ(checks_, 1);
}

TEST_F(VerifiedTokensTest, ATokenCountsUntilItExpires) {
    auto const token = issue();
    EXPECT_TRUE(is_right(token, at + seconds(99)));
    EXPECT_TRUE(is_right(token, at + seconds(99)));
    EXPECT_EQ(checks_, 1);
    EXPECT_TRUE(is_right(token, at + seconds(100))) << "the difference between clocks that is allowed";
    EXPECT_EQ(checks_, 2) << "it is not remembered past its end";
    EXPECT_FALSE(is_right(token, at + seconds(131)));
}

TEST_F(VerifiedTokensTest, WhatIsWrongIsCheckedEachTimeAndChangesNothing) {
    auto const token = issue();
    EXPECT_TRUE(is_right(token));
    for (auto const& wrong : {token + "A", token.substr(1), std::string(), issue(at + seconds(1000))}) {
        EXPECT_FALSE(is_right(wrong));
        EXPECT_FALSE(is_right(wrong));
    }
    EXPECT_EQ(checks_, 9);
    EXPECT_TRUE(is_right(token));
    EXPECT_EQ(checks_, 9);
}

TEST(VerifiedTokens, AreBounded) {
    int checks = 0;
    auto const tokens = remember_verified(std::make_unique<CountedTokens>(checks), 4);
    std::vector<std::string> texts;
    for (int i = 0; i < 4; ++i) texts.push_back(tokens->issue({new_uuid(), new_uuid()}, at + seconds(i)));
    auto const verify_all = [&] {
        for (auto const& text : texts) EXPECT_TRUE(tokens->verify(text, at));
    };
    verify_all();
    verify_all();
    EXPECT_EQ(checks, 4) << "all have their place";
    texts.push_back(tokens->issue({new_uuid(), new_uuid()}, at + seconds(4)));
    EXPECT_TRUE(tokens->verify(texts.back(), at));
    EXPECT_TRUE(tokens->verify(texts[1], at));
    EXPECT_EQ(checks, 5) << "what ends later has stayed";
    EXPECT_TRUE(tokens->verify(texts.front(), at));
    EXPECT_EQ(checks, 6) << "the one that ends first has given way";
    EXPECT_THROW(remember_verified(nullptr, 3), std::invalid_argument);
}

TEST(VerifiedTokens, ThreadsGetTheClaimsOfTheirOwnToken) {
    auto const tokens = remember_verified(
        make_access_tokens({.secret_or_private_key_pem = std::string(32, 's'), .lifetime = seconds(100)}), 4);
    auto const work = [&] {
        AccessClaims const claims{new_uuid(), new_uuid()};
        auto const token = tokens->issue(claims, at);
        for (int i = 0; i < 2000; ++i) {
            auto const found = tokens->verify(token, at);
            if (!found || found->session_id != claims.session_id) ADD_FAILURE();
        }
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work);
}

}  // namespace
}  // namespace clinikk
