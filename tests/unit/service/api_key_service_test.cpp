#include "service/api_key_service.hpp"

#include <set>

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

constexpr auto disk = FakeStorage::Kind::disk;

class ApiKeyServiceTest : public ::testing::Test {
protected:
    Result<IssuedApiKey> create(Caller const& caller, std::string_view scopes = "content:read",
                                std::optional<seconds> life = {}) {
        return run_task(process_.api_keys.create(caller, {"a key", *Scopes::parse(scopes), life}));
    }

    Result<Caller> authenticate(std::string_view key) { return run_task(process_.api_keys.authenticate(key)); }
    bool is_in(std::string_view key) { return authenticate(key).has_value(); }

    std::optional<Timestamp> last_use(Uuid id) { return world_.tables().api_keys.at(id).last_used_at; }

    World world_;
    Caller ada_ = world_.add_caller("ada@example.org");
    Process process_{world_, disk};
};

TEST_F(ApiKeyServiceTest, AKeyActsForItsOwnerWithinItsScopes) {
    auto const issued = create(ada_, "content:write content:read").value();
    auto const caller = authenticate(issued.text).value();
    EXPECT_EQ(caller.user.id, ada_.user.id);
    EXPECT_EQ(caller.credential.kind(), Credential::Kind::api_key);
    EXPECT_EQ(caller.credential.id(), issued.key.id);
    EXPECT_TRUE(caller.credential.permits(Scope::content_write));
    EXPECT_FALSE(caller.credential.permits(Scope::users_admin));
}

TEST_F(ApiKeyServiceTest, TheRoleIsThatOfTheMoment) {
    auto const key = create(ada_).value().text;
    world_.change([&](Tables& tables) { tables.users.at(ada_.user.id).role = Role::admin; });
    EXPECT_EQ(authenticate(key)->user.role, Role::admin);
}

TEST_F(ApiKeyServiceTest, OnlyAHashIsStored) {
    auto const issued = create(ada_).value();
    auto const stored = world_.tables().api_keys.at(issued.key.id);
    EXPECT_EQ(stored.key_hash, Sha256::of(issued.text));
    EXPECT_EQ(stored.prefix, issued.text.substr(0, 10));
    EXPECT_EQ(stored.name, "a key");
}

TEST_F(ApiKeyServiceTest, KeysHaveAFormThatScannersRecognise) {
    std::set<std::string> keys;
    for (int i = 0; i < 50; ++i) {
        auto const key = create(ada_).value().text;
        EXPECT_TRUE(keys.insert(key).second);
        EXPECT_EQ(key.size(), 51U);
        EXPECT_TRUE(ApiKeyService::is_well_formed(key));
        auto mistyped = key;
        auto& c = mistyped[4 + static_cast<std::size_t>(i) % 47];
        c = c == 'A' ? 'B' : 'A';
        EXPECT_FALSE(ApiKeyService::is_well_formed(mistyped));
        auto const before = process_.calls.count();
        EXPECT_FALSE(is_in(mistyped));
        EXPECT_EQ(process_.calls.count(), before) << "a mistyped key asks no database";
    }
    for (auto const* const other : {"", "ctv_", "ctv", "eyJ", "CTV_"})
        EXPECT_FALSE(ApiKeyService::is_well_formed(other));
}

TEST_F(ApiKeyServiceTest, EndsWhenItExpires) {
    auto const key = create(ada_, "content:read", seconds(100)).value().text;
    world_.clock.jump(seconds(99));
    EXPECT_TRUE(is_in(key));
    world_.clock.jump(seconds(1));
    EXPECT_FALSE(is_in(key));
}

TEST_F(ApiKeyServiceTest, EndsWithItsOwner) {
    auto const key = create(ada_).value().text;
    world_.change([&](Tables& tables) { tables.users.at(ada_.user.id).is_active = false; });
    EXPECT_EQ(authenticate(key).error().code, ErrorCode::not_authenticated);
    run_task(process_.work.repositories().users().remove(ada_.user.id));
    EXPECT_FALSE(is_in(key));
    EXPECT_TRUE(world_.tables().api_keys.empty());
}

TEST_F(ApiKeyServiceTest, OnlyItsOwnerSeesAndDeletesIt) {
    auto const eve = world_.add_caller("eve@example.org");
    auto const issued = create(ada_).value();
    EXPECT_TRUE(run_task(process_.api_keys.list(eve)).empty());
    EXPECT_EQ(run_task(process_.api_keys.remove(eve, issued.key.id)).error().code, ErrorCode::api_key_not_found);
    EXPECT_TRUE(is_in(issued.text));
    EXPECT_TRUE(run_task(process_.api_keys.remove(ada_, issued.key.id)));
    EXPECT_FALSE(is_in(issued.text));
    EXPECT_EQ(run_task(process_.api_keys.remove(ada_, issued.key.id)).error().code, ErrorCode::api_key_not_found);
}

TEST_F(ApiKeyServiceTest, OnlyAdminsMakeKeysForAdministration) {
    EXPECT_EQ(create(ada_, "users:admin").error().code, ErrorCode::forbidden);
    EXPECT_TRUE(create(world_.add_caller("root@example.org", Role::admin), "users:admin"));
    EXPECT_EQ(world_.tables().api_keys.size(), 1U);
}

TEST_F(ApiKeyServiceTest, AnAccountHasAHundredKeysAndNoMore) {
    for (std::size_t i = 0; i < ApiKeyService::max_keys; ++i) ASSERT_TRUE(create(ada_));
    EXPECT_EQ(create(ada_).error().code, ErrorCode::too_many_api_keys);
    EXPECT_TRUE(create(world_.add_caller("eve@example.org")));
    auto const keys = run_task(process_.api_keys.list(ada_));
    ASSERT_EQ(keys.size(), ApiKeyService::max_keys);
    EXPECT_TRUE(run_task(process_.api_keys.remove(ada_, keys[50].id)));
    EXPECT_TRUE(create(ada_));
}

TEST_F(ApiKeyServiceTest, ASessionThatHasEndedMakesNoKey) {
    world_.change([&](Tables& tables) { tables.sessions.at(ada_.credential.id()).revoked_at = world_.clock.now(); });
    EXPECT_EQ(create(ada_).error().code, ErrorCode::not_authenticated);
    EXPECT_TRUE(world_.tables().api_keys.empty());
}

TEST_F(ApiKeyServiceTest, ItsUseIsNotedOnceAMinute) {
    auto const issued = create(ada_).value();
    EXPECT_FALSE(last_use(issued.key.id));
    auto const first = world_.clock.now();
    EXPECT_TRUE(is_in(issued.text));
    EXPECT_EQ(last_use(issued.key.id), first);
    world_.clock.jump(seconds(59));
    auto const before = process_.calls.count();
    EXPECT_TRUE(is_in(issued.text));
    EXPECT_EQ(process_.calls.count() - before, 1U) << "one point read";
    EXPECT_EQ(last_use(issued.key.id), first);
    world_.clock.jump(seconds(1));
    EXPECT_TRUE(is_in(issued.text));
    EXPECT_EQ(last_use(issued.key.id), first + seconds(60));
}

}  // namespace
}  // namespace clinikk
