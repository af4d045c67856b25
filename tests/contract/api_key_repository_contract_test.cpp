#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class ApiKeyStoreContract : public DatabaseContract {
protected:
    ApiKey add_key(Uuid user_id, std::string const& text, Timestamp created_at = at(0),
                   std::optional<Timestamp> expires_at = {}) {
        ApiKey key{.id = new_uuid(),
                   .user_id = user_id,
                   .name = "of '" + text + "' \xf0\x9f\x94\x91",
                   .prefix = "ctv_" + text,
                   .key_hash = Sha256::of(text),
                   .scopes = "content:read",
                   .created_at = created_at,
                   .expires_at = expires_at};
        run(keys().insert(key));
        return key;
    }

    ApiKeyRepository& keys() { return repositories().api_keys(); }
};
INSTANTIATE_TEST_SUITE_P(Databases, ApiKeyStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(ApiKeyStoreContract, FindsTheOwnerOfAHash) {
    auto const user = add_user("a@example.org");
    add_key(add_user("b@example.org"), "other");
    auto const key = add_key(user, "1");
    auto const owner = run(keys().find_owner(Sha256::of("1"), at(5))).value();
    EXPECT_EQ(owner.id, user);
    EXPECT_EQ(owner.email_key, "a@example.org");
    EXPECT_EQ(owner.key_id, key.id);
    EXPECT_EQ(owner.key_scopes, "content:read");
    EXPECT_FALSE(owner.key_used_at);
    EXPECT_FALSE(run(keys().find_owner(Sha256::of("2"), at(5))));
    EXPECT_EQ(run(keys().find_active_user(key.id, at(5)))->id, user);
    EXPECT_FALSE(run(keys().find_active_user(new_uuid(), at(5))));
}

TEST_P(ApiKeyStoreContract, AKeyEndsWhenItExpiresAndWhileItsOwnerIsInactive) {
    auto const user = add_user("a@example.org");
    auto const key = add_key(user, "1", at(0), at(10));
    auto const is_good = [&](Timestamp when) {
        bool const by_hash = run(keys().find_owner(key.key_hash, when)).has_value();
        EXPECT_EQ(run(keys().find_active_user(key.id, when)).has_value(), by_hash);
        return by_hash;
    };
    EXPECT_TRUE(is_good(at(9)));
    EXPECT_FALSE(is_good(at(10)));
    run(repositories().users().set_active(user, false));
    EXPECT_FALSE(is_good(at(9)));
    run(repositories().users().set_active(user, true));
    EXPECT_TRUE(is_good(at(9)));
}

TEST_P(ApiKeyStoreContract, ListsTheKeysOfOneUserTheNewestFirst) {
    auto const user = add_user("a@example.org");
    auto const oldest = add_key(user, "1", at(1), at(2));
    auto const newest = add_key(user, "3", at(3));
    auto const middle = add_key(user, "2", at(2));
    add_key(add_user("b@example.org"), "other", at(9));
    auto const listed = run(keys().list(user, 10));
    ASSERT_EQ(listed.size(), 3U);
    EXPECT_EQ(listed[0].id, newest.id);
    EXPECT_EQ(listed[1].id, middle.id);
    EXPECT_EQ(listed[2].id, oldest.id);
    EXPECT_EQ(listed[2].name, oldest.name);
    EXPECT_EQ(listed[2].prefix, "ctv_1");
    EXPECT_EQ(listed[2].expires_at, at(2));
    EXPECT_EQ(run(keys().list(user, 2)).size(), 2U);
    EXPECT_EQ(run(keys().count(user)), 3U);
    EXPECT_EQ(run(keys().count(new_uuid())), 0U);
}

TEST_P(ApiKeyStoreContract, NotesAUseUnlessALaterOneIsNoted) {
    auto const key = add_key(add_user("a@example.org"), "1");
    auto const used = [&] { return run(keys().find_owner(key.key_hash, at(0)))->key_used_at; };
    run(keys().note_use(key.id, at(100), at(40)));
    EXPECT_EQ(used(), at(100));
    run(keys().note_use(key.id, at(150), at(90)));
    EXPECT_EQ(used(), at(100));
    run(keys().note_use(key.id, at(160), at(100)));
    EXPECT_EQ(used(), at(160));
    run(keys().note_use(new_uuid(), at(160), at(100)));
}

TEST_P(ApiKeyStoreContract, RemovesAllKeysOfAUser) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    add_key(user, "1");
    add_key(user, "2");
    add_key(other, "3");
    run(keys().remove_all(user));
    EXPECT_EQ(run(keys().count(user)), 0U);
    EXPECT_EQ(run(keys().count(other)), 1U);
}

TEST_P(ApiKeyStoreContract, RemovesAKeyOfItsUser) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const key = add_key(user, "1");
    auto const kept = add_key(user, "2");
    EXPECT_FALSE(run(keys().remove(key.id, other))) << "another's";
    EXPECT_TRUE(run(keys().remove(key.id, user)));
    EXPECT_FALSE(run(keys().remove(key.id, user)));
    EXPECT_FALSE(run(keys().find_owner(key.key_hash, at(0))));
    EXPECT_TRUE(run(keys().find_owner(kept.key_hash, at(0))));
}

TEST_P(ApiKeyStoreContract, KeysGoWithTheirUser) {
    auto const user = add_user("a@example.org");
    auto const key = add_key(user, "1");
    EXPECT_TRUE(run(repositories().users().remove(user)));
    EXPECT_FALSE(run(keys().find_owner(key.key_hash, at(0))));
    EXPECT_EQ(run(keys().count(user)), 0U);
}

TEST_P(ApiKeyStoreContract, AHashIsThereOnceAndNeedsAUser) {
    auto const user = add_user("a@example.org");
    add_key(user, "1");
    EXPECT_THROW(add_key(user, "1"), db::UnexpectedViolation);
    EXPECT_THROW(add_key(new_uuid(), "2"), db::UnexpectedViolation);
}

}  // namespace
}  // namespace clinikk::testing
