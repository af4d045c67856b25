#include "service/collector.hpp"

#include "domain/object_key.hpp"
#include "service/upload_lease.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

std::string_view name_of(FakeStorage::Kind kind) { return kind == FakeStorage::Kind::disk ? "local" : "s3"; }

std::string new_key() { return "video/" + new_uuid().to_string() + ".mp4"; }

Upload upload_of(World& world, FakeStorage::Kind kind, std::string key) {
    Upload upload;
    upload.id = id_of_object_key(key);
    upload.object_id = upload.id;
    upload.content_id = new_uuid();
    upload.store = name_of(kind);
    upload.object_key = std::move(key);
    upload.holder = "dead";
    upload.created_at = world.clock.now();
    upload.lease_until = world.clock.now() + upload_lease_length;
    upload.expires_at = upload.lease_until;
    return upload;
}

void put(World& world, FakeStorage::Kind kind, std::string const& key) {
    world.storage(name_of(kind)).objects[key] = {"bytes", world.clock.now(), {}};
}

/// One of everything that processes leave behind, and contents that are nobody's to take.
void leave_behind(World& world, FakeStorage::Kind kind) {
    auto& storage = world.storage(name_of(kind));
    world.add_content(kind);
    world.add_content(kind);

    auto const received = upload_of(world, kind, new_key());
    storage.uncommitted[received.id.to_string()] = {"half", world.clock.now(), world.clock.now(), false};
    auto const committed = upload_of(world, kind, new_key());
    put(world, kind, committed.object_key);
    auto renamed = upload_of(world, kind, new_key());
    put(world, kind, "audio/" + renamed.id.to_string() + ".mp3");
    auto expired = upload_of(world, kind, new_key());
    expired.method = UploadMethod::direct;
    storage.direct["direct"] = {{expired.object_key, "", ""}, world.clock.now(), {}};
    world.change([&](Tables& tables) {
        for (auto const& upload : {received, committed, renamed, expired}) tables.uploads.emplace(upload.id, upload);
    });

    if (kind == FakeStorage::Kind::disk) {
        storage.uncommitted[new_uuid().to_string()] = {"nobody's", world.clock.now(), world.clock.now(), false};
    }
    put(world, kind, new_key());
    put(world, kind, new_key());
    auto const deleted = world.add_content(kind);
    world.change([&](Tables& tables) {
        auto const object_id = tables.content_objects.at({deleted.id, ObjectRole::source});
        tables.objects.at(object_id).state = ObjectState::deleting;
        tables.content_objects.erase({deleted.id, ObjectRole::source});
        tables.contents.erase(deleted.id);
    });
}

class CollectorTest : public ::testing::TestWithParam<FakeStorage::Kind> {};
INSTANTIATE_TEST_SUITE_P(Repositories, CollectorTest,
                         ::testing::Values(FakeStorage::Kind::disk, FakeStorage::Kind::bucket));

TEST_P(CollectorTest, TakesWhatIsLeftAndNothingElse) {
    World world;
    leave_behind(world, GetParam());
    world.clock.jump(collector_grace + seconds(1));
    Process process(world, GetParam());
    auto const done = process.collect();
    auto const strays = process.collect_strays();
    EXPECT_EQ(done.uploads, 4U);
    EXPECT_EQ(done.temporary, GetParam() == FakeStorage::Kind::disk ? 1U : 0U);
    EXPECT_EQ(done.deleted, 1U);
    EXPECT_EQ(strays.strays, 2U);
    EXPECT_EQ(done.failures + strays.failures, 0U);
    EXPECT_EQ(world.tables().contents.size(), 2U);
    world.expect_nothing_left();
}

TEST_P(CollectorTest, ADryRunChangesNothing) {
    World world;
    leave_behind(world, GetParam());
    world.clock.jump(collector_grace + seconds(1));
    Process process(world, GetParam());
    auto const before = world.database.version();
    auto const objects = world.storage(name_of(GetParam())).objects.size();
    auto const report = [](std::string_view, std::string_view) {};
    EXPECT_EQ(run_task(process.collector.collect(true, report)).uploads, 4U);
    EXPECT_EQ(run_task(process.collector.collect_strays(true, report)).strays, 2U);
    EXPECT_EQ(world.database.version(), before);
    EXPECT_EQ(world.storage(name_of(GetParam())).objects.size(), objects);
}

/// Leases end to the moment; grace is for what no row tells of.
TEST_P(CollectorTest, TakesNothingBeforeItsTime) {
    World world;
    leave_behind(world, GetParam());
    Process process(world, GetParam());
    world.clock.jump(upload_lease_length);
    EXPECT_EQ(process.collect().uploads, 0U);
    world.clock.jump(std::chrono::microseconds(1));
    auto const done = process.collect();
    EXPECT_EQ(done.uploads, 4U);
    EXPECT_EQ(done.temporary, 0U);
    EXPECT_EQ(process.collect_strays().strays, 0U);
    world.clock.jump(collector_grace - upload_lease_length - std::chrono::microseconds(1) - seconds(1));
    EXPECT_EQ(process.collect_strays().strays, 0U);
    EXPECT_EQ(process.collect().temporary, 0U);
    world.clock.jump(seconds(1));
    EXPECT_EQ(process.collect_strays().strays, 2U);
    EXPECT_EQ(process.collect().temporary, GetParam() == FakeStorage::Kind::disk ? 1U : 0U);
}

TEST_P(CollectorTest, WhateverCallFailsNothingIsLostAndTheNextRunFinishes) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(testing::name_of(fault)) + " at call " + std::to_string(number));
            World world;
            leave_behind(world, GetParam());
            world.clock.jump(collector_grace + seconds(1));
            Process process(world, GetParam());
            break_call(process.calls, number, fault);
            auto const report = [](std::string_view, std::string_view) {};
            outcome_of(process.collector.collect(false, report));
            outcome_of(process.collector.collect_strays(false, report));
            EXPECT_EQ(world.tables().contents.size(), 2U);
            world.expect_nothing_lost();
            world.expect_nothing_left();
            return process.calls.count() >= number;
        });
        EXPECT_GE(calls, 50) << testing::name_of(fault);
    }
}

/// Two collectors, of which the second runs whole at some call of the first.
TEST_P(CollectorTest, TwoAtOnceHarmNothing) {
    for_every_call([&](int number) {
        SCOPED_TRACE("before call " + std::to_string(number));
        World world;
        leave_behind(world, GetParam());
        world.clock.jump(collector_grace + seconds(1));
        Process first(world, GetParam(), "first");
        first.calls.before = [&](int at, std::string_view) {
            if (at != number) return;
            Process second(world, GetParam(), "second");
            second.collect();
            second.collect_strays();
        };
        auto const report = [](std::string_view, std::string_view) {};
        outcome_of(first.collector.collect(false, report));
        outcome_of(first.collector.collect_strays(false, report));
        EXPECT_EQ(world.tables().contents.size(), 2U);
        world.expect_nothing_left();
        return first.calls.count() >= number;
    });
}

/// At some call an upload begins for the key of a stray: whoever claims first keeps it.
TEST_P(CollectorTest, AStrayThatBecomesAnObjectMeanwhileStays) {
    int kept = 0;
    for_every_call([&](int number) {
        SCOPED_TRACE("before call " + std::to_string(number));
        World world;
        auto const key = new_key();
        put(world, GetParam(), key);
        world.clock.jump(collector_grace + seconds(1));
        Process process(world, GetParam());
        bool is_claimed = false;
        process.calls.before = [&](int at, std::string_view) {
            if (at != number) return;
            auto upload = upload_of(world, GetParam(), key);
            upload.lease_until = world.clock.now() + std::chrono::hours(1);
            world.change([&](Tables& tables) { is_claimed = tables.uploads.try_emplace(upload.id, upload).second; });
        };
        outcome_of(process.collector.collect_strays(false, [](std::string_view, std::string_view) {}));
        auto const& objects = world.storage(name_of(GetParam())).objects;
        auto const is_ours = world.tables().uploads.contains(id_of_object_key(key));
        EXPECT_EQ(is_ours, is_claimed);
        // Who claimed it when the bytes were gone already writes them; who claimed it before finds them untouched.
        if (is_claimed && objects.contains(key)) ++kept;
        return process.calls.count() >= number;
    });
    EXPECT_GE(kept, 4);
}

}  // namespace
}  // namespace clinikk
