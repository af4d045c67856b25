#include "service/user_service.hpp"

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

constexpr auto disk = FakeStorage::Kind::disk;

class UserServiceTest : public ::testing::Test {
protected:
    Result<User> update(Caller const& caller, Uuid id, UserChanges changes) {
        return run_task(process_.users.update(caller, id, changes));
    }

    User stored(Caller const& caller) { return world_.tables().users.at(caller.user.id); }

    World world_;
    Caller admin_ = world_.add_caller("admin@example.org", Role::admin);
    Caller ada_ = world_.add_caller("ada@example.org");
    Process process_{world_, disk};
};

TEST_F(UserServiceTest, AnAdminChangesRoleAndState) {
    auto const changed = update(admin_, ada_.user.id, {.role = Role::viewer, .is_active = false}).value();
    EXPECT_EQ(changed.role, Role::viewer);
    EXPECT_FALSE(changed.is_active);
    EXPECT_EQ(stored(ada_).role, Role::viewer);
    EXPECT_TRUE(world_.tables().sessions.at(ada_.credential.id()).revoked_at) << "the sessions end";
    EXPECT_FALSE(world_.tables().sessions.at(admin_.credential.id()).revoked_at);
}

TEST_F(UserServiceTest, NoChangeEndsNoSession) {
    EXPECT_EQ(update(admin_, ada_.user.id, {})->role, Role::editor);
    EXPECT_FALSE(world_.tables().sessions.at(ada_.credential.id()).revoked_at);
}

TEST_F(UserServiceTest, WhoIsNoAdminAnyMoreChangesNothing) {
    EXPECT_EQ(update(ada_, ada_.user.id, {.role = Role::admin}).error().code, ErrorCode::forbidden);
    auto const other = world_.add_caller("other@example.org", Role::admin);
    world_.change([&](Tables& tables) { tables.users.at(admin_.user.id).role = Role::editor; });
    EXPECT_EQ(update(admin_, ada_.user.id, {.role = Role::admin}).error().code, ErrorCode::forbidden);
    world_.change([&](Tables& tables) { tables.users.at(other.user.id).is_active = false; });
    EXPECT_EQ(update(other, ada_.user.id, {.role = Role::admin}).error().code, ErrorCode::not_authenticated);
    EXPECT_EQ(stored(ada_).role, Role::editor);
}

TEST_F(UserServiceTest, AKeyDoesNotChangeTheAccountItActsFor) {
    world_.add_caller("second@example.org", Role::admin);
    Caller const key{admin_.user, Credential::api_key(new_uuid(), {}), admin_.since};
    for (UserChanges const changes : {UserChanges{Role::viewer, {}}, UserChanges{{}, false}}) {
        EXPECT_EQ(update(key, admin_.user.id, changes).error().code, ErrorCode::forbidden);
    }
    EXPECT_EQ(stored(admin_).role, Role::admin);
    EXPECT_TRUE(stored(admin_).is_active);
    EXPECT_TRUE(update(admin_, admin_.user.id, {.role = Role::viewer})) << "a person may";
}

TEST_F(UserServiceTest, ACommandRemovesALostSecondFactor) {
    auto const email = *Email::parse("ada@example.org");
    EXPECT_EQ(run_task(process_.users.remove_second_factor(email)).error().code, ErrorCode::totp_not_found);
    world_.change([&](Tables& tables) { tables.totp[ada_.user.id] = {ada_.user.id, "sealed", {}}; });
    EXPECT_TRUE(run_task(process_.users.remove_second_factor(email)));
    EXPECT_TRUE(world_.tables().totp.empty());
    EXPECT_TRUE(world_.tables().sessions.at(ada_.credential.id()).revoked_at);
}

TEST_F(UserServiceTest, TheLastActiveAdminStays) {
    auto const disabled = world_.add_caller("disabled@example.org", Role::admin);
    world_.change([&](Tables& tables) { tables.users.at(disabled.user.id).is_active = false; });
    auto const email = *Email::parse("admin@example.org");
    for (UserChanges const changes :
         {UserChanges{Role::viewer, {}}, UserChanges{{}, false}, UserChanges{Role::editor, true}}) {
        EXPECT_EQ(update(admin_, admin_.user.id, changes).error().code, ErrorCode::last_admin);
        EXPECT_EQ(run_task(process_.users.update(email, changes)).error().code, ErrorCode::last_admin);
    }
    EXPECT_EQ(stored(admin_).role, Role::admin);
    EXPECT_TRUE(stored(admin_).is_active);
    EXPECT_TRUE(update(admin_, ada_.user.id, {.role = Role::viewer})) << "others may change";
    EXPECT_TRUE(update(admin_, ada_.user.id, {.role = Role::admin}));
    EXPECT_TRUE(update(admin_, admin_.user.id, {.role = Role::viewer})) << "another one is there";
}

/// At whatever call the other admin is demoted by another process, one is left.
TEST_F(UserServiceTest, TwoAdminsWhoDemoteEachOtherLeaveOne) {
    int const calls = for_every_call([&](int number) {
        World world;
        auto const first = world.add_caller("first", Role::admin);
        auto const second = world.add_caller("second", Role::admin);
        Process process(world, disk);
        process.calls.before = [&](int at, std::string_view) {
            if (at != number) return;
            Process other(world, disk, "other");
            EXPECT_TRUE(run_task(other.users.update(second, first.user.id, {.role = Role::viewer})));
        };
        auto const changed = run_task(process.users.update(first, second.user.id, {.is_active = false}));
        auto const tables = world.tables();
        int admins = 0;
        for (auto const& [id, user] : tables.users) admins += user.is_active && user.role == Role::admin ? 1 : 0;
        EXPECT_EQ(admins, 1) << "at call " << number;
        EXPECT_EQ(changed.has_value(), !tables.users.at(second.user.id).is_active);
        return process.calls.count() >= number;
    });
    EXPECT_GE(calls, 5);
}

TEST_F(UserServiceTest, UnknownAccountsAreNotFound) {
    EXPECT_EQ(update(admin_, new_uuid(), {.role = Role::admin}).error().code, ErrorCode::user_not_found);
    EXPECT_EQ(run_task(process_.users.get(new_uuid())).error().code, ErrorCode::user_not_found);
    EXPECT_EQ(run_task(process_.users.get(ada_.user.id))->email, "ada@example.org");
}

}  // namespace
}  // namespace clinikk
