#include <algorithm>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class UserStoreContract : public DatabaseContract {};
INSTANTIATE_TEST_SUITE_P(Databases, UserStoreContract, ::testing::ValuesIn(all_databases()));

User make_user() {
    return {.id = new_uuid(),
            .email = "Ada.Lovelace@Example.org",
            .email_key = "ada.lovelace@example.org",
            .password_hash = "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA",
            .role = Role::editor,
            .is_active = true,
            .created_at = Timestamp(std::chrono::microseconds(1'700'000'000'123'456))};
}

void expect_equal(User const& left, User const& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.email, right.email);
    EXPECT_EQ(left.email_key, right.email_key);
    EXPECT_EQ(left.password_hash, right.password_hash);
    EXPECT_EQ(left.role, right.role);
    EXPECT_EQ(left.is_active, right.is_active);
    EXPECT_EQ(left.created_at, right.created_at);
}

TEST_P(UserStoreContract, WhatWasInsertedIsFound) {
    User const user = make_user();
    ASSERT_TRUE(run(repositories().users().insert(user)).has_value());
    expect_equal(run(repositories().users().find(user.id)).value(), user);
    expect_equal(run(repositories().users().find_by_email_key(user.email_key)).value(), user);
}

TEST_P(UserStoreContract, UnknownOnesAreNotFound) {
    add_user("somebody@example.org");
    EXPECT_FALSE(run(repositories().users().find(new_uuid())));
    EXPECT_FALSE(run(repositories().users().find_by_email_key("nobody@example.org")));
    EXPECT_FALSE(run(repositories().users().find_by_email_key("")));
    EXPECT_FALSE(run(repositories().users().find_by_email_key("SOMEBODY@EXAMPLE.ORG")));
}

TEST_P(UserStoreContract, TheSecondWithAnEmailKeyIsRefused) {
    User const first = make_user();
    ASSERT_TRUE(run(repositories().users().insert(first)).has_value());
    User second = make_user();
    second.email = "other@example.org";
    auto const refused = run(repositories().users().insert(second));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, ErrorCode::email_taken);
    EXPECT_FALSE(run(repositories().users().find(second.id)));
}

TEST_P(UserStoreContract, TheSecondWithAnIdIsADefect) {
    User const first = make_user();
    ASSERT_TRUE(run(repositories().users().insert(first)).has_value());
    User second = first;
    second.email_key = "other@example.org";
    EXPECT_THROW((void)run(repositories().users().insert(second)), db::UnexpectedViolation);
}

TEST_P(UserStoreContract, TheyAreListedOldestFirst) {
    User third = make_user();
    User first = make_user();
    User second = make_user();
    first.created_at = third.created_at - std::chrono::microseconds(2);
    second.created_at = third.created_at - std::chrono::microseconds(1);
    int number = 0;
    for (auto* user : {&third, &first, &second}) {
        user->email_key = std::to_string(++number);
        ASSERT_TRUE(run(repositories().users().insert(*user)).has_value());
    }
    auto const listed = run(repositories().users().list({}));
    ASSERT_EQ(listed.size(), 3U);
    EXPECT_EQ(listed[0].id, first.id);
    EXPECT_EQ(listed[1].id, second.id);
    EXPECT_EQ(listed[2].id, third.id);
}

TEST_P(UserStoreContract, PagesFollowEachOther) {
    std::vector<Uuid> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(add_user(std::to_string(i)));  // all of the same moment
    std::ranges::sort(ids);
    std::vector<Uuid> listed;
    UserQuery query{.limit = 2};
    for (auto page = run(repositories().users().list(query)); !page.empty();
         page = run(repositories().users().list(query))) {
        EXPECT_LE(page.size(), 2U);
        for (auto const& user : page) listed.push_back(user.id);
        query.after = {page.back().created_at, page.back().id};
    }
    EXPECT_EQ(listed, ids);
}

TEST_P(UserStoreContract, AreFoundByPartOfTheKeyRoleAndState) {
    auto const plain = add_user("ada@example.org");
    auto const wild = add_user("100%_\\sure@example.com");
    auto const other = add_user("\xc3\xa9ve@example.org");
    run(repositories().users().set_role(plain, Role::admin));
    run(repositories().users().set_active(other, false));
    auto const found = [&](UserQuery const& query) {
        std::vector<Uuid> ids;
        for (auto const& user : run(repositories().users().list(query))) ids.push_back(user.id);
        std::ranges::sort(ids);
        return ids;
    };
    auto const sorted = [](std::vector<Uuid> ids) {
        std::ranges::sort(ids);
        return ids;
    };
    EXPECT_EQ(found({}), sorted({plain, wild, other}));
    EXPECT_EQ(found({.email_key_part = "example.org"}), sorted({plain, other}));
    EXPECT_EQ(found({.email_key_part = "\xc3\xa9"}), std::vector{other});
    for (auto const* const literal : {"%", "_", "\\", "%_\\s"}) {
        EXPECT_EQ(found({.email_key_part = literal}), std::vector{wild}) << literal;
    }
    for (auto const* const nothing : {"a%a", "a_a", "'", "%%", "ada@example.org "}) {
        EXPECT_TRUE(found({.email_key_part = nothing}).empty()) << nothing;
    }
    EXPECT_EQ(found({.role = Role::admin}), std::vector{plain});
    EXPECT_EQ(found({.is_active = false}), std::vector{other});
    EXPECT_EQ(found({.email_key_part = "example.org", .role = Role::viewer, .is_active = false}), std::vector{other});
    EXPECT_TRUE(found({.role = Role::admin, .is_active = false}).empty());
}

TEST_P(UserStoreContract, TellsWhetherThereIsAnotherActiveAdmin) {
    auto const first = add_user("a@example.org");
    auto const second = add_user("b@example.org");
    auto& users = repositories().users();
    EXPECT_FALSE(run(users.has_other_admin(first)));
    run(users.set_role(first, Role::admin));
    EXPECT_FALSE(run(users.has_other_admin(first)));
    EXPECT_TRUE(run(users.has_other_admin(second)));
    run(users.set_role(second, Role::admin));
    EXPECT_TRUE(run(users.has_other_admin(first)));
    run(users.set_active(second, false));
    EXPECT_FALSE(run(users.has_other_admin(first)));
}

TEST_P(UserStoreContract, ARemovedUserLeavesItsContents) {
    auto const user = add_user("a@example.org");
    auto const content = add_content(at(0), ContentKind::video, user);
    EXPECT_TRUE(run(repositories().contents().has_owned(user)));
    EXPECT_TRUE(run(repositories().users().remove(user)));
    EXPECT_FALSE(run(repositories().users().remove(user)));
    EXPECT_FALSE(run(repositories().users().find(user)));
    EXPECT_FALSE(run(repositories().contents().find(content.id))->owner_id);
    EXPECT_FALSE(run(repositories().contents().has_owned(user)));
}

TEST_P(UserStoreContract, ARemovalIsNotedAndGoesWithItsUser) {
    auto& users = repositories().users();
    auto const user = add_user("a@example.org");
    auto const heir = add_user("b@example.org");
    EXPECT_FALSE(run(users.find_removal(user)));
    run(users.note_removal({user, ContentsFate::remove, {}, at(1)}));
    run(users.note_removal({user, ContentsFate::reassign, heir, at(2)}));
    auto const noted = run(users.find_removal(user)).value();
    EXPECT_EQ(noted.contents, ContentsFate::reassign);
    EXPECT_EQ(noted.heir_id, heir);
    EXPECT_EQ(noted.requested_at, at(2));
    EXPECT_EQ(run(users.list_removals(10)).size(), 1U);
    EXPECT_TRUE(run(users.list_removals(0)).empty());
    EXPECT_TRUE(run(users.remove(heir)));
    EXPECT_FALSE(run(users.find_removal(user))->heir_id);
    EXPECT_TRUE(run(users.remove(user)));
    EXPECT_TRUE(run(users.list_removals(10)).empty());
    EXPECT_THROW(run(users.note_removal({user, ContentsFate::keep, {}, at(1)})), db::UnexpectedViolation);
}

TEST_P(UserStoreContract, WhatAnHeirWasToGetIsRedirected) {
    auto& users = repositories().users();
    auto const [user, other, heir, next] = std::tuple(add_user("a@example.org"), add_user("b@example.org"),
                                                      add_user("c@example.org"), add_user("d@example.org"));
    EXPECT_FALSE(run(users.redirect_removals(heir, ContentsFate::keep, std::nullopt)));
    run(users.note_removal({user, ContentsFate::reassign, heir, at(1)}));
    run(users.note_removal({other, ContentsFate::reassign, next, at(1)}));
    EXPECT_TRUE(run(users.redirect_removals(heir, ContentsFate::remove, std::nullopt)));
    EXPECT_EQ(run(users.find_removal(user))->contents, ContentsFate::remove);
    EXPECT_FALSE(run(users.find_removal(user))->heir_id);
    EXPECT_EQ(run(users.find_removal(other))->heir_id, next);
    EXPECT_TRUE(run(users.redirect_removals(next, ContentsFate::reassign, heir)));
    EXPECT_EQ(run(users.find_removal(other))->heir_id, heir);
}

TEST_P(UserStoreContract, ContentsOfAnOwnerComePageByPage) {
    auto const user = add_user("a@example.org");
    add_content(at(0), ContentKind::video, add_user("b@example.org"));
    std::vector<Uuid> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(add_content(at(9 - i), ContentKind::audio, user).id);
    std::ranges::sort(ids);
    auto const page = [&](Uuid after, std::size_t limit) {
        std::vector<Uuid> found;
        for (auto const& content : run(repositories().contents().list_owned(user, after, limit)))
            found.push_back(content.id);
        return found;
    };
    EXPECT_EQ(page({}, 10), ids);
    EXPECT_EQ(page(ids[1], 2), (std::vector{ids[2], ids[3]}));
    EXPECT_TRUE(page(ids[4], 2).empty());
    EXPECT_TRUE(run(repositories().contents().set_owner(ids[0], std::nullopt)));
    EXPECT_EQ(page({}, 1), std::vector{ids[1]});
}

TEST_P(UserStoreContract, MembersAreSetOneByOne) {
    auto const other = add_user("other@example.org");
    User user = make_user();
    ASSERT_TRUE(run(repositories().users().insert(user)).has_value());

    run(repositories().users().set_role(user.id, Role::admin));
    user.role = Role::admin;
    expect_equal(run(repositories().users().find(user.id)).value(), user);

    run(repositories().users().set_password_hash(user.id, "another"));
    user.password_hash = "another";
    expect_equal(run(repositories().users().find(user.id)).value(), user);

    run(repositories().users().set_active(user.id, false));
    user.is_active = false;
    expect_equal(run(repositories().users().find(user.id)).value(), user);

    auto const untouched = run(repositories().users().find(other)).value();
    EXPECT_EQ(untouched.role, Role::viewer);
    EXPECT_TRUE(untouched.is_active);
    EXPECT_EQ(untouched.password_hash, "hash of other@example.org");
}

TEST_P(UserStoreContract, SettingMembersOfNobodyDoesNothing) {
    run(repositories().users().set_role(new_uuid(), Role::admin));
    run(repositories().users().set_password_hash(new_uuid(), "x"));
    run(repositories().users().set_active(new_uuid(), false));
    EXPECT_TRUE(run(repositories().users().list({})).empty());
}

TEST_P(UserStoreContract, TextIsTakenAsItIs) {
    User user = make_user();
    user.email = "'; DROP TABLE users; --\n\xf0\x9f\x98\x80";
    user.password_hash = "";
    ASSERT_TRUE(run(repositories().users().insert(user)).has_value());
    expect_equal(run(repositories().users().find(user.id)).value(), user);
}

class SessionStoreContract : public DatabaseContract {
protected:
    Uuid add_session(Uuid user_id, Timestamp expires_at) {
        Session const session{.id = new_uuid(), .user_id = user_id, .created_at = at(0), .expires_at = expires_at};
        run(repositories().sessions().insert(session));
        return session.id;
    }

    bool is_active(Uuid session_id, Timestamp when) {
        return run(repositories().sessions().find_active_user(session_id, when)).has_value();
    }
};
INSTANTIATE_TEST_SUITE_P(Databases, SessionStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(SessionStoreContract, IsFoundWhateverItsState) {
    auto const user = add_user("a@example.org");
    auto const id = add_session(user, at(100));
    run(repositories().sessions().revoke(id, user, at(1)));
    auto const found = run(repositories().sessions().find(id)).value();
    EXPECT_EQ(found.user_id, user);
    EXPECT_EQ(found.created_at, at(0));
    EXPECT_FALSE(run(repositories().sessions().find(new_uuid())));
}

TEST_P(SessionStoreContract, TellsItsUserUntilItExpires) {
    User const user = make_user();
    ASSERT_TRUE(run(repositories().users().insert(user)).has_value());
    add_user("other@example.org");
    auto const id = add_session(user.id, at(100));
    expect_equal(run(repositories().sessions().find_active_user(id, at(99))).value(), user);
    EXPECT_FALSE(is_active(id, at(100)));
    EXPECT_FALSE(is_active(id, at(101)));
    EXPECT_FALSE(is_active(new_uuid(), at(1)));
}

TEST_P(SessionStoreContract, EndsWhileItsUserIsInactive) {
    auto const user = add_user("a@example.org");
    auto const id = add_session(user, at(100));
    run(repositories().users().set_active(user, false));
    EXPECT_FALSE(is_active(id, at(1)));
    run(repositories().users().set_active(user, true));
    EXPECT_TRUE(is_active(id, at(1)));
}

TEST_P(SessionStoreContract, RevokingEndsAllOfOneUser) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const first = add_session(user, at(100));
    auto const second = add_session(user, at(100));
    auto const others = add_session(other, at(100));
    run(repositories().sessions().revoke_all(user, at(5)));
    EXPECT_FALSE(is_active(first, at(6)));
    EXPECT_FALSE(is_active(second, at(6)));
    EXPECT_TRUE(is_active(others, at(6)));
    EXPECT_TRUE(is_active(add_session(user, at(100)), at(6)));
}

TEST_P(SessionStoreContract, RevokingTheOthersKeepsOne) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const kept = add_session(user, at(100));
    auto const second = add_session(user, at(100));
    auto const others = add_session(other, at(100));
    run(repositories().sessions().revoke_others(user, kept, at(5)));
    EXPECT_TRUE(is_active(kept, at(6)));
    EXPECT_FALSE(is_active(second, at(6)));
    EXPECT_TRUE(is_active(others, at(6)));
}

TEST_P(SessionStoreContract, ExpiredOnesAreRemoved) {
    auto const user = add_user("a@example.org");
    add_session(user, at(10));
    add_session(user, at(20));
    auto const kept = add_session(user, at(30));
    EXPECT_EQ(run(repositories().sessions().remove_expired(at(30))), 2U);
    EXPECT_EQ(run(repositories().sessions().remove_expired(at(30))), 0U);
    EXPECT_TRUE(is_active(kept, at(29)));
}

TEST_P(SessionStoreContract, ListsActiveSessionsTheOneUsedLastFirst) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const first = add_session(user, at(100));
    auto const second = add_session(user, at(100));
    add_session(user, at(5));
    add_session(other, at(100));
    auto const revoked = add_session(user, at(100));
    EXPECT_TRUE(run(repositories().sessions().revoke(revoked, user, at(1))));
    run(repositories().sessions().prolong(first, at(7), at(200)));
    run(repositories().sessions().prolong(second, at(6), at(90)));
    auto const list = [&](std::size_t limit) {
        return run(repositories().sessions().list_active(user, at(10), limit));
    };
    ASSERT_EQ(list(10).size(), 2U);
    EXPECT_EQ(list(10)[0].id, first);
    EXPECT_EQ(list(10)[0].last_used_at, at(7));
    EXPECT_EQ(list(10)[0].expires_at, at(200));
    EXPECT_EQ(list(10)[1].id, second);
    ASSERT_EQ(list(1).size(), 1U);
    EXPECT_EQ(list(1)[0].id, first);
}

TEST_P(SessionStoreContract, RevokesOneSessionOfItsUser) {
    auto const user = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const first = add_session(user, at(100));
    auto const second = add_session(user, at(100));
    EXPECT_FALSE(run(repositories().sessions().revoke(first, other, at(1)))) << "another's";
    EXPECT_FALSE(run(repositories().sessions().revoke(new_uuid(), user, at(1))));
    EXPECT_FALSE(run(repositories().sessions().revoke(first, user, at(100)))) << "it has expired";
    EXPECT_TRUE(is_active(first, at(2)));
    EXPECT_TRUE(run(repositories().sessions().revoke(first, user, at(1))));
    EXPECT_FALSE(run(repositories().sessions().revoke(first, user, at(1)))) << "only once";
    EXPECT_FALSE(is_active(first, at(2)));
    EXPECT_TRUE(is_active(second, at(2)));
}

TEST_P(SessionStoreContract, ARefreshTokenIsUsedOnce) {
    auto const session = add_session(add_user("a@example.org"), at(100));
    auto& sessions = repositories().sessions();
    RefreshToken const token{
        .token_hash = Sha256::of("1"), .session_id = session, .issued_at = at(1), .expires_at = at(50)};
    auto const successor = Sha256::of("2");
    run(sessions.insert_refresh_token(token));
    EXPECT_FALSE(run(sessions.find_refresh_token(successor)));
    auto const fresh = run(sessions.find_refresh_token(token.token_hash)).value();
    EXPECT_EQ(fresh.session_id, session);
    EXPECT_EQ(fresh.issued_at, at(1));
    EXPECT_EQ(fresh.expires_at, at(50));
    EXPECT_FALSE(fresh.used_at);
    EXPECT_FALSE(fresh.successor_hash);
    EXPECT_TRUE(run(sessions.use_refresh_token(token.token_hash, at(3), successor)));
    EXPECT_FALSE(run(sessions.use_refresh_token(token.token_hash, at(4), Sha256::of("3"))));
    EXPECT_FALSE(run(sessions.use_refresh_token(successor, at(4), token.token_hash))) << "nobody has issued it";
    auto const used = run(sessions.find_refresh_token(token.token_hash)).value();
    EXPECT_EQ(used.used_at, at(3));
    EXPECT_EQ(used.successor_hash, successor);
    EXPECT_THROW(run(sessions.insert_refresh_token(token)), db::UnexpectedViolation);
}

TEST_P(SessionStoreContract, RefreshTokensGoWhenTheyExpireOrWithTheirSession) {
    auto const user = add_user("a@example.org");
    auto const ending = add_session(user, at(10));
    auto const lasting = add_session(user, at(100));
    auto& sessions = repositories().sessions();
    auto const add = [&](std::string_view text, Uuid session, Timestamp expires_at) {
        run(sessions.insert_refresh_token(
            {.token_hash = Sha256::of(text), .session_id = session, .issued_at = at(0), .expires_at = expires_at}));
    };
    auto const exists = [&](std::string_view text) {
        return run(sessions.find_refresh_token(Sha256::of(text))).has_value();
    };
    add("of an ending session", ending, at(100));
    add("expired", lasting, at(20));
    add("lasting", lasting, at(30));
    EXPECT_EQ(run(sessions.remove_expired(at(11))), 1U);
    EXPECT_FALSE(exists("of an ending session"));
    EXPECT_EQ(run(sessions.remove_expired_refresh_tokens(at(30))), 1U);
    EXPECT_FALSE(exists("expired"));
    EXPECT_TRUE(exists("lasting"));
    EXPECT_THROW(add("of no session", new_uuid(), at(30)), db::UnexpectedViolation);
}

TEST_P(SessionStoreContract, NeedsAUser) { EXPECT_THROW(add_session(new_uuid(), at(100)), db::UnexpectedViolation); }

TEST_P(UserStoreContract, AHashIsReplacedUnlessItHasChanged) {
    User const user = make_user();
    ASSERT_TRUE(run(repositories().users().insert(user)).has_value());
    run(repositories().users().replace_password_hash(user.id, "another", "newer"));
    EXPECT_EQ(run(repositories().users().find(user.id))->password_hash, user.password_hash);
    run(repositories().users().replace_password_hash(user.id, user.password_hash, "newer"));
    EXPECT_EQ(run(repositories().users().find(user.id))->password_hash, "newer");
}

}  // namespace
}  // namespace clinikk::testing
