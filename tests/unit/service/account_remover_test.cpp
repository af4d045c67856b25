#include "service/account_remover.hpp"

#include <algorithm>

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

constexpr auto disk = FakeStorage::Kind::disk;

class AccountRemoverTest : public ::testing::Test {
protected:
    /// A content of that user.
    Uuid add_content(Uuid owner_id) {
        auto const content = world_.add_content(disk);
        world_.change([&](Tables& tables) { tables.contents.at(content.id).owner_id = owner_id; });
        return content.id;
    }

    void add_contents(Uuid owner_id, int count) {
        for (int i = 0; i < count; ++i) add_content(owner_id);
    }

    ErrorCode refused(Uuid user_id, std::optional<ContentsPlan> plan = {}) {
        auto const done = run_task(process_.remover.remove(admin_, user_id, plan));
        return done ? ErrorCode::internal : done.error().code;
    }

    std::size_t owned_by(std::optional<Uuid> const& owner_id) {
        auto const tables = world_.tables();
        auto const is_theirs = [&](auto const& row) { return row.second.owner_id == owner_id; };
        return static_cast<std::size_t>(std::ranges::count_if(tables.contents, is_theirs));
    }

    World world_;
    Caller admin_ = world_.add_caller("admin@example.org", Role::admin);
    Caller ada_ = world_.add_caller("ada@example.org");
    Caller heir_ = world_.add_caller("heir@example.org");
    Process process_{world_, disk};
};

TEST_F(AccountRemoverTest, DeletesTheContentsAndLeavesTheBytesToTheCollector) {
    add_contents(ada_.user.id, 120);
    add_contents(heir_.user.id, 3);
    EXPECT_TRUE(run_task(process_.remover.remove(admin_, ada_.user.id, ContentsPlan{ContentsFate::remove, {}})));
    auto const now = world_.tables();
    EXPECT_FALSE(now.users.contains(ada_.user.id));
    EXPECT_EQ(now.contents.size(), 3U);
    EXPECT_EQ(now.outbox.size(), 120U);
    EXPECT_TRUE(now.account_removals.empty());
    process_.collect();
    EXPECT_EQ(world_.disk.objects.size(), 3U);
    world_.expect_nothing_left();
}

TEST_F(AccountRemoverTest, HandsTheContentsOn) {
    add_contents(ada_.user.id, 60);
    ContentsPlan const plan{ContentsFate::reassign, heir_.user.id};
    EXPECT_TRUE(run_task(process_.remover.remove(admin_, ada_.user.id, plan)));
    EXPECT_EQ(owned_by(heir_.user.id), 60U);
    EXPECT_FALSE(world_.tables().users.contains(ada_.user.id));
}

TEST_F(AccountRemoverTest, LeavesTheContentsBehind) {
    add_contents(ada_.user.id, 60);
    EXPECT_TRUE(run_task(process_.remover.remove_own(ada_, ContentsPlan{ContentsFate::keep, {}})));
    EXPECT_EQ(owned_by(std::nullopt), 60U);
    EXPECT_FALSE(world_.tables().users.contains(ada_.user.id));
}

/// Whoever has the address of an upload acts for the account, which ends with the account.
TEST_F(AccountRemoverTest, EndsResumableUploads) {
    std::vector<Uuid> ids;
    for (auto const* const caller : {&ada_, &heir_}) {
        auto const id = ids.emplace_back(new_uuid());
        ResumableUpload upload;
        upload.id = id;
        upload.owner_id = caller->user.id;
        upload.expires_at = world_.clock.now() + std::chrono::hours(24);
        Upload write;
        write.id = write.object_id = id;
        write.owner_id = caller->user.id;
        write.method = UploadMethod::resumable;
        write.store = "local";
        write.lease_until = write.expires_at = upload.expires_at;
        world_.disk.appended[id.to_string()] = {"bytes", ""};
        world_.change([&](Tables& tables) {
            tables.uploads.emplace(id, write);
            tables.resumable_uploads.emplace(id, upload);
        });
    }
    EXPECT_TRUE(run_task(process_.remover.remove(admin_, ada_.user.id, {})));
    world_.clock.jump(std::chrono::seconds(1));
    process_.collect();
    auto const now = world_.tables();
    EXPECT_EQ(now.resumable_uploads.at(ids[0]).state, ResumableState::cancelled);
    EXPECT_FALSE(now.uploads.contains(ids[0]));
    EXPECT_FALSE(world_.disk.appended.contains(ids[0].to_string()));
    EXPECT_EQ(now.resumable_uploads.at(ids[1]).state, ResumableState::open);
    EXPECT_TRUE(now.uploads.contains(ids[1]));
    EXPECT_TRUE(world_.disk.appended.contains(ids[1].to_string()));
}

TEST_F(AccountRemoverTest, RefusesAndChangesNothing) {
    add_content(ada_.user.id);
    world_.change([&](Tables& tables) { tables.users.at(heir_.user.id).is_active = false; });
    EXPECT_EQ(refused(new_uuid()), ErrorCode::user_not_found);
    EXPECT_EQ(refused(ada_.user.id), ErrorCode::account_has_contents);
    for (auto const heir : {new_uuid(), ada_.user.id, heir_.user.id}) {
        EXPECT_EQ(refused(ada_.user.id, ContentsPlan{ContentsFate::reassign, heir}), ErrorCode::validation_failed);
    }
    EXPECT_EQ(refused(admin_.user.id), ErrorCode::last_admin);
    EXPECT_TRUE(world_.tables().users.at(ada_.user.id).is_active);
    EXPECT_TRUE(world_.tables().account_removals.empty());
    auto const by_editor = run_task(process_.remover.remove(ada_, admin_.user.id, {}));
    EXPECT_EQ(by_editor.error().code, ErrorCode::forbidden);
}

TEST_F(AccountRemoverTest, AnAccountWithoutContentsNeedsNoPlan) {
    EXPECT_TRUE(run_task(process_.remover.remove(admin_, ada_.user.id, {})));
    EXPECT_FALSE(world_.tables().users.contains(ada_.user.id));
}

TEST_F(AccountRemoverTest, WhatAnHeirWasToGetGoesTheWayOfItsOwnContents) {
    auto const next = world_.add_caller("next@example.org");
    add_contents(ada_.user.id, 60);
    world_.change([&](Tables& tables) {
        tables.account_removals[ada_.user.id] = {ada_.user.id, ContentsFate::reassign, heir_.user.id, {}};
    });
    EXPECT_EQ(refused(heir_.user.id), ErrorCode::account_has_contents);
    EXPECT_EQ(world_.tables().account_removals.at(ada_.user.id).heir_id, heir_.user.id) << "nothing has changed";
    ContentsPlan const plan{ContentsFate::reassign, next.user.id};
    EXPECT_TRUE(run_task(process_.remover.remove(admin_, heir_.user.id, plan)));
    run_task(process_.remover.resume());
    EXPECT_EQ(owned_by(next.user.id), 60U);
    EXPECT_FALSE(world_.tables().users.contains(ada_.user.id));
}

TEST_F(AccountRemoverTest, AKeyDoesNotRemoveTheAccountItActsFor) {
    Caller const key{admin_.user, Credential::api_key(new_uuid(), {}), admin_.since};
    auto const other = world_.add_caller("second@example.org", Role::admin);
    auto const done = run_task(process_.remover.remove(key, admin_.user.id, {}));
    EXPECT_EQ(done.error().code, ErrorCode::forbidden);
    EXPECT_TRUE(world_.tables().users.contains(admin_.user.id));
    EXPECT_TRUE(run_task(process_.remover.remove(other, admin_.user.id, {}))) << "a person may";
}

/// Whatever call the process dies at, another one finishes what it has begun, and nothing is half done.
TEST_F(AccountRemoverTest, WhereverItDiesAnotherProcessGoesOn) {
    constexpr std::size_t count = 53;  // more than one transaction takes
    for (auto const fault : {Fault::killed_before, Fault::killed_after, Fault::database_away, Fault::answer_lost}) {
        int finished_by_another = 0;
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            auto const admin = world.add_caller("admin", Role::admin);
            auto const ada = world.add_caller("ada");
            for (std::size_t i = 0; i < count; ++i) {
                auto const content = world.add_content(disk);
                world.change([&](Tables& tables) { tables.contents.at(content.id).owner_id = ada.user.id; });
            }
            Process process(world, disk);
            break_call(process.calls, number, fault);
            ContentsPlan const plan{ContentsFate::remove, {}};
            auto const removed = outcome_of(process.remover.remove(admin, ada.user.id, plan));
            if (removed) EXPECT_FALSE(world.tables().users.contains(ada.user.id));
            bool const is_begun = !world.tables().account_removals.empty();
            if (is_begun) EXPECT_FALSE(world.tables().users.at(ada.user.id).is_active);
            if (is_begun) ++finished_by_another;
            Process other(world, disk, "other");
            run_task(other.remover.resume());
            auto const now = world.tables();
            EXPECT_TRUE(now.account_removals.empty());
            if (is_begun) EXPECT_FALSE(now.users.contains(ada.user.id));
            EXPECT_EQ(now.contents.size(), now.users.contains(ada.user.id) ? count : 0U);
            return process.calls.count() >= number;
        });
        EXPECT_GT(calls, 100);
        EXPECT_GT(finished_by_another, 50) << name_of(fault);
    }
}

}  // namespace
}  // namespace clinikk
