#include "domain/permission.hpp"

#include <gtest/gtest.h>

namespace clinikk {
namespace {

TEST(Permission, FollowsFromRoleAndOwner) {
    struct Row {
        Role role;
        bool may_edit;
        bool may_act_for_self;
        bool may_act_for_others;
        bool may_act_for_nobody;  ///< on what has no owner
    };
    constexpr Row rows[] = {
        {Role::viewer, false, true, false, false},
        {Role::editor, true, true, false, false},
        {Role::admin, true, true, true, true},
    };
    for (auto const& row : rows) {
        User user;
        user.id = new_uuid();
        user.role = row.role;
        EXPECT_EQ(may_edit(row.role), row.may_edit);
        EXPECT_EQ(may_act_for(user, user.id), row.may_act_for_self);
        EXPECT_EQ(may_act_for(user, new_uuid()), row.may_act_for_others);
        EXPECT_EQ(may_act_for(user, std::nullopt), row.may_act_for_nobody);
    }
}

}  // namespace
}  // namespace clinikk
