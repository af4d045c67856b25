#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

using enum TokenPurpose;

class AccountTokenContract : public DatabaseContract {
protected:
    AccountTokenRepository& tokens() { return repositories().account_tokens(); }

    AccountToken add(std::string_view text, Uuid user, TokenPurpose purpose = password_reset, std::int64_t issued = 0) {
        AccountToken const token{.token_hash = Sha256::of(text),
                                 .user_id = user,
                                 .purpose = purpose,
                                 .issued_at = at(issued),
                                 .expires_at = at(issued + 100)};
        run(tokens().insert(token));
        return token;
    }

    std::optional<Timestamp> used_at(AccountToken const& token) {
        return run(tokens().find(token.token_hash))->used_at;
    }
};
INSTANTIATE_TEST_SUITE_P(Databases, AccountTokenContract, ::testing::ValuesIn(all_databases()));

TEST_P(AccountTokenContract, WhatWasInsertedIsFound) {
    auto const user = add_user("a@example.org");
    auto const token = add("1", user, email_verification, 7);
    EXPECT_FALSE(run(tokens().find(Sha256::of("2"))));
    auto const found = run(tokens().find(token.token_hash)).value();
    EXPECT_EQ(found.token_hash, token.token_hash);
    EXPECT_EQ(found.user_id, user);
    EXPECT_EQ(found.purpose, email_verification);
    EXPECT_EQ(found.issued_at, at(7));
    EXPECT_EQ(found.expires_at, at(107));
    EXPECT_FALSE(found.used_at);
    EXPECT_THROW(add("1", user), db::UnexpectedViolation);
    EXPECT_THROW(add("3", new_uuid()), db::UnexpectedViolation) << "of no user";
}

TEST_P(AccountTokenContract, IsUsedOnce) {
    auto const token = add("1", add_user("a@example.org"));
    EXPECT_FALSE(run(tokens().use(Sha256::of("2"), at(1))));
    EXPECT_TRUE(run(tokens().use(token.token_hash, at(2))));
    EXPECT_FALSE(run(tokens().use(token.token_hash, at(3))));
    EXPECT_EQ(used_at(token), at(2));
}

TEST_P(AccountTokenContract, WhatIsUsedInATransactionThatFailsIsUnused) {
    auto const token = add("1", add_user("a@example.org"));
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool const is_used = co_await repositories.account_tokens().use(token.token_hash, at(2));
        EXPECT_TRUE(is_used);
        co_return Error(ErrorCode::one_time_token_invalid);
    };
    EXPECT_TRUE(run(work().transaction(steps)).has_error());
    EXPECT_FALSE(used_at(token));
}

TEST_P(AccountTokenContract, AreWithdrawnForOneUserAndPurpose) {
    auto const user = add_user("a@example.org");
    auto const [first, second] = std::pair(add("1", user), add("2", user));
    auto const verification = add("3", user, email_verification);
    auto const others = add("4", add_user("b@example.org"));
    EXPECT_TRUE(run(tokens().use(first.token_hash, at(2))));
    run(tokens().withdraw_all(user, password_reset, at(3)));
    EXPECT_EQ(used_at(first), at(2));
    EXPECT_EQ(used_at(second), at(3));
    EXPECT_FALSE(used_at(verification));
    EXPECT_FALSE(used_at(others));
    EXPECT_FALSE(run(tokens().use(second.token_hash, at(4))));
}

TEST_P(AccountTokenContract, AreCountedSinceATime) {
    auto const user = add_user("a@example.org");
    auto const used = add("1", user, password_reset, 10);
    add("2", user, password_reset, 20);
    add("3", user, email_verification, 20);
    add("4", add_user("b@example.org"), password_reset, 20);
    run(tokens().use(used.token_hash, at(11)));
    EXPECT_EQ(run(tokens().count_issued(user, password_reset, at(9))), 2);
    EXPECT_EQ(run(tokens().count_issued(user, password_reset, at(10))), 1);
    EXPECT_EQ(run(tokens().count_issued(user, password_reset, at(20))), 0);
}

TEST_P(AccountTokenContract, ExpiredOnesAreRemoved) {
    auto const user = add_user("a@example.org");
    auto const [first, second] = std::pair(add("1", user, password_reset, 0), add("2", user, password_reset, 1));
    EXPECT_EQ(run(tokens().remove_expired(at(100))), 0U);
    EXPECT_EQ(run(tokens().remove_expired(at(101))), 1U);
    EXPECT_FALSE(run(tokens().find(first.token_hash)));
    EXPECT_TRUE(run(tokens().find(second.token_hash)));
}

TEST_P(AccountTokenContract, AnAddressIsVerifiedOnce) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const verified_at = [&](Uuid id) { return run(repositories().users().find(id))->email_verified_at; };
    EXPECT_FALSE(verified_at(user));
    run(repositories().users().set_email_verified(user, at(5)));
    run(repositories().users().set_email_verified(user, at(6)));
    run(repositories().users().set_email_verified(new_uuid(), at(6)));
    EXPECT_EQ(verified_at(user), at(5));
    EXPECT_FALSE(verified_at(other));
    EXPECT_TRUE(is_address_proven(*run(repositories().users().find(user))));
}

TEST_P(AccountTokenContract, AnAddressThatCountedAsVerifiedIsProvenOnce) {
    User user{new_uuid(), "a@example.org", "a@example.org", "hash", Role::viewer, true, at(1)};
    user.email_verified_at = user.created_at;
    ASSERT_TRUE(run(repositories().users().insert(user)));
    EXPECT_FALSE(is_address_proven(*run(repositories().users().find(user.id))));
    auto const proven = user.created_at + std::chrono::seconds(1);
    run(repositories().users().set_email_verified(user.id, proven));
    run(repositories().users().set_email_verified(user.id, proven + std::chrono::seconds(1)));
    EXPECT_EQ(run(repositories().users().find(user.id))->email_verified_at, proven);
}

}  // namespace
}  // namespace clinikk::testing
