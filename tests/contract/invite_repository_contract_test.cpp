#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class InviteStoreContract : public DatabaseContract {
protected:
    Invite add_invite(std::string const& text, Timestamp created_at, Timestamp expires_at,
                      std::optional<Uuid> invited_by = {}) {
        Invite const invite{new_uuid(), Sha256::of(text), Role::editor, invited_by, created_at, expires_at};
        run(invites().insert(invite));
        return invite;
    }

    InviteRepository& invites() { return repositories().invites(); }
};
INSTANTIATE_TEST_SUITE_P(Databases, InviteStoreContract, ::testing::ValuesIn(all_databases()));

TEST_P(InviteStoreContract, AnInviteIsFoundUntilItExpiresOrIsRemoved) {
    auto const admin = add_user("a@example.org");
    auto const invite = add_invite("1", at(0), at(10), admin);
    auto const found = run(invites().find_open(Sha256::of("1"), at(9))).value();
    EXPECT_EQ(found.id, invite.id);
    EXPECT_EQ(found.role, Role::editor);
    EXPECT_EQ(found.invited_by, admin);
    EXPECT_EQ(found.created_at, at(0));
    EXPECT_EQ(found.expires_at, at(10));
    EXPECT_FALSE(run(invites().find_open(Sha256::of("2"), at(9))));
    EXPECT_FALSE(run(invites().find_open(Sha256::of("1"), at(10))));
    EXPECT_TRUE(run(invites().remove(invite.id)));
    EXPECT_FALSE(run(invites().remove(invite.id)));
    EXPECT_FALSE(run(invites().find_open(Sha256::of("1"), at(9))));
}

TEST_P(InviteStoreContract, ListsAndCountsTheOpenOnesTheNewestFirst) {
    auto const oldest = add_invite("1", at(1), at(10));
    add_invite("2", at(2), at(5));
    auto const newest = add_invite("3", at(3), at(10));
    auto const listed = run(invites().list_open(at(5), 10));
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].id, newest.id);
    EXPECT_EQ(listed[1].id, oldest.id);
    EXPECT_EQ(run(invites().count_open(at(5))), 2);
    EXPECT_EQ(run(invites().count_open(at(4))), 3);
    EXPECT_EQ(run(invites().list_open(at(5), 1)).size(), 1U);
    EXPECT_EQ(run(invites().remove_expired(at(6))), 1U);
    EXPECT_EQ(run(invites().count_open(at(4))), 2);
}

TEST_P(InviteStoreContract, StaysWhenItsAdminIsRemoved) {
    auto const admin = add_user("a@example.org");
    add_invite("1", at(0), at(10), admin);
    EXPECT_TRUE(run(repositories().users().remove(admin)));
    EXPECT_FALSE(run(invites().find_open(Sha256::of("1"), at(5)))->invited_by);
}

}  // namespace
}  // namespace clinikk::testing
