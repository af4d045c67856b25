#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class IdempotencyStoreContract : public DatabaseContract {
protected:
    IdempotencyKey make_key(std::string const& text = "a key", std::int64_t expires = 100) {
        return {.owner_id = owner_,
                .key_hash = Sha256::of(text),
                .fingerprint = Sha256::of("a request"),
                .claim = new_uuid(),
                .lease_until = at(30),
                .expires_at = at(expires)};
    }

    IdempotencyKey add_key(std::string const& text = "a key", std::int64_t expires = 100) {
        auto const key = make_key(text, expires);
        EXPECT_TRUE(run(keys().insert(key)));
        return key;
    }

    std::optional<IdempotencyKey> find(IdempotencyKey const& key) {
        return run(keys().find(key.owner_id, key.key_hash));
    }

    IdempotencyRepository& keys() { return repositories().idempotency(); }

    Uuid owner_ = add_user("a@example.org");
};
INSTANTIATE_TEST_SUITE_P(Databases, IdempotencyStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(IdempotencyStoreContract, AKeyIsInsertedOnce) {
    auto const key = add_key();
    EXPECT_FALSE(run(keys().insert(make_key())));
    auto const found = find(key);
    ASSERT_TRUE(found);
    for_each_member<IdempotencyKey>(
        [&](auto member) { EXPECT_TRUE((*found).*member.pointer == key.*member.pointer) << member.name; });
    EXPECT_FALSE(run(keys().find(owner_, Sha256::of("another"))));
    EXPECT_FALSE(run(keys().find(add_user("b@example.org"), key.key_hash)));
    EXPECT_EQ(run(keys().count(owner_)), 1);
}

TEST_P(IdempotencyStoreContract, WhoHasTheClaimChangesTheRow) {
    auto const key = add_key();
    auto const target = new_uuid();
    EXPECT_TRUE(run(keys().renew(key.claim, at(60))));
    EXPECT_EQ(find(key)->lease_until, at(60));
    EXPECT_TRUE(run(keys().note_effect(key.claim, target)));
    EXPECT_EQ(find(key)->state, IdempotencyState::applied);
    EXPECT_EQ(find(key)->target_id, target);
    EXPECT_TRUE(run(keys().answer(key.claim, "sealed")));
    EXPECT_EQ(find(key)->state, IdempotencyState::answered);
    EXPECT_EQ(find(key)->sealed_answer, "sealed");
    EXPECT_FALSE(run(keys().note_effect(key.claim, target))) << "an answer is the last word";
    for (auto const& other : {new_uuid()}) {
        EXPECT_FALSE(run(keys().renew(other, at(60))));
        EXPECT_FALSE(run(keys().note_effect(other, target)));
        EXPECT_FALSE(run(keys().answer(other, "other")));
    }
    EXPECT_EQ(find(key)->sealed_answer, "sealed");
}

TEST_P(IdempotencyStoreContract, OneTakesAClaimOver) {
    auto const key = add_key();
    auto const next = make_key();
    EXPECT_FALSE(run(keys().take_over(next, new_uuid())));
    EXPECT_TRUE(run(keys().take_over(next, key.claim)));
    EXPECT_FALSE(run(keys().take_over(make_key(), key.claim)));
    EXPECT_FALSE(run(keys().note_effect(key.claim, std::nullopt)));
    EXPECT_EQ(find(key)->claim, next.claim);
}

TEST_P(IdempotencyStoreContract, AReleasedKeyGoesUnlessSomethingWasDone) {
    auto const idle = add_key("idle");
    run(keys().release(idle.claim, at(5)));
    EXPECT_FALSE(find(idle));
    auto const done = add_key("done");
    run(keys().note_effect(done.claim, std::nullopt));
    run(keys().release(done.claim, at(5)));
    EXPECT_EQ(find(done)->state, IdempotencyState::applied);
    EXPECT_EQ(find(done)->lease_until, at(5));
}

TEST_P(IdempotencyStoreContract, KeysGoWhenTheyExpireAndWithTheirAccount) {
    for (int i = 0; i < 5; ++i) add_key(std::to_string(i), i);
    EXPECT_EQ(run(keys().remove_expired(at(3), 2)), 2U);
    EXPECT_EQ(run(keys().remove_expired(at(3), 2)), 1U);
    EXPECT_EQ(run(keys().remove_expired(at(3), 2)), 0U);
    EXPECT_EQ(run(keys().count(owner_)), 2);
    run(repositories().users().remove(owner_));
    EXPECT_EQ(run(keys().count(owner_)), 0);
}

}  // namespace
}  // namespace clinikk::testing
