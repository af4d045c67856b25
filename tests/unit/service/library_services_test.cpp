#include <algorithm>

#include "base/encoding.hpp"
#include "unit/service/service_world.hpp"

/// Those that walk through the whole library: `Mover`, `Backfiller`, `Verifier`.
namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

constexpr auto disk = FakeStorage::Kind::disk;
constexpr auto bucket = FakeStorage::Kind::bucket;

void ignore(std::string_view, std::string_view) {}

Task<Movement> move_all(Process& process, FakeStorage::Kind from) {
    bool const to_bucket = from == disk;
    return process.mover.copy(to_bucket ? "local" : "s3", to_bucket ? "s3" : "local", ignore, [](Movement const&) {});
}

Task<Backfill> backfill(Process& process) {
    return process.backfiller.run(ignore, [](Backfill const&) {});
}

Task<Verification> verify(Process& process) {
    return process.verifier.verify(ignore, [](Verification const&) {});
}

std::size_t objects_in(World& world, std::string_view store) {
    auto const objects = world.tables().objects;
    return static_cast<std::size_t>(
        std::ranges::count_if(objects, [&](auto const& row) { return row.second.store == store; }));
}

class MoverTest : public ::testing::TestWithParam<FakeStorage::Kind> {
protected:
    FakeStorage::Kind from() const { return GetParam(); }
    std::string_view target() const { return from() == disk ? "s3" : "local"; }
    FakeStorage& source(World& world) const { return from() == disk ? world.disk : world.bucket; }
};
INSTANTIATE_TEST_SUITE_P(From, MoverTest, ::testing::Values(disk, bucket));

TEST_P(MoverTest, MovesAllAndLeavesTheOldBytesAsStrays) {
    World world;
    for (int i = 0; i < 250; ++i) world.add_content(from(), "video " + std::to_string(i));
    Process process(world, disk);
    auto const moved = run_task(move_all(process, from()));
    EXPECT_EQ(moved.objects, 250U);
    EXPECT_EQ(moved.failures, 0U);
    EXPECT_EQ(objects_in(world, target()), 250U);
    EXPECT_EQ(source(world).objects.size(), 250U);
    world.expect_nothing_left();
    EXPECT_TRUE(source(world).objects.empty());
}

TEST_P(MoverTest, WhateverCallFailsEverythingCanBeReadAndTheNextRunFinishes) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            for (int i = 0; i < 3; ++i) world.add_content(from(), "video " + std::to_string(i));
            Process process(world, disk, "first");
            break_call(process.calls, number, fault);
            outcome_of(move_all(process, from()));
            world.expect_nothing_lost();
            world.clock.jump(std::chrono::minutes(2));
            Process next(world, disk, "next");
            next.collect();
            auto const moved = run_task(move_all(next, from()));
            EXPECT_EQ(moved.failures, 0U);
            EXPECT_EQ(objects_in(world, target()), 3U);
            world.expect_nothing_left();
            EXPECT_TRUE(source(world).objects.empty());
            return process.calls.count() >= number;
        });
        EXPECT_GE(calls, 30) << name_of(fault);
    }
}

/// Another process collects, or moves the same objects, while this one stands still for longer than its lease.
TEST_P(MoverTest, WhereverItsClaimIsLostNothingIsLost) {
    for (bool const moves : {false, true}) {
        for_every_call([&](int number) {
            SCOPED_TRACE("before call " + std::to_string(number));
            World world;
            for (int i = 0; i < 2; ++i) world.add_content(from(), "video " + std::to_string(i));
            Process process(world, disk, "first");
            process.calls.before = [&](int at, std::string_view) {
                if (at != number) return;
                world.clock.jump(seconds(31));
                Process other(world, disk, "other");
                if (moves) {
                    outcome_of(move_all(other, from()));
                } else {
                    other.collect();
                }
            };
            outcome_of(move_all(process, from()));
            world.expect_nothing_lost();
            world.expect_nothing_left();
            return process.calls.count() >= number;
        });
    }
}

/// The copies that are under way when the next page of rows cannot be had go on to their end.
TEST_P(MoverTest, CopiesUnderWayEndBeforeTheRunDoes) {
    World world;
    for (int i = 0; i < 150; ++i) world.add_content(from());
    Process process(world, disk);
    process.calls.yields = true;
    int lists = 0;
    process.calls.before = [&](int, std::string_view name) {
        // Two pages are counted, and one copied.
        if (name == "objects.list" && ++lists == 4) throw Unavailable("no database (expected here)");
    };
    EXPECT_THROW(run_task(move_all(process, from())), Unavailable);
    EXPECT_EQ(objects_in(world, target()), 100U);
    EXPECT_TRUE(world.tables().uploads.empty());
    world.expect_nothing_lost();
}

TEST(BackfillerTest, ObjectsUnderWayEndBeforeTheRunDoes) {
    World world;
    for (int i = 0; i < 150; ++i) world.add_content(disk);
    world.forget_facts();
    Process process(world, disk);
    process.calls.yields = true;
    int lists = 0;
    process.calls.before = [&](int, std::string_view name) {
        if (name == "objects.list_unexamined" && ++lists == 2) throw Unavailable("no database (expected here)");
    };
    EXPECT_THROW(run_task(backfill(process)), Unavailable);
    process.calls.before = nullptr;
    EXPECT_EQ(run_task(backfill(process)).objects, 50U);
}

void expect_examined(World const& world) {
    auto const now = world.tables();
    for (auto const& [id, content] : now.contents) {
        EXPECT_EQ(content.duration_ms, 1000);
        EXPECT_EQ(content.packaging, Packaging::ready);
        auto const& source = now.objects.at(now.content_objects.at({id, ObjectRole::source}));
        EXPECT_EQ(source.sha256, Sha256::of("video bytes"));
        EXPECT_EQ(source.media_type, "video/mp4");
        auto const& index = now.objects.at(now.content_objects.at({id, ObjectRole::index}));
        EXPECT_EQ(index.sha256, Sha256::of("index of " + to_hex(Sha256::of("video bytes"))));
        EXPECT_EQ(index.media_type, packaging_index_format.media_type);
    }
}

/// Contents that were read by a program before packaging.
TEST(BackfillerTest, PackagesWhatHasBeenReadAlready) {
    World world;
    for (int i = 0; i < 3; ++i) world.add_content(disk);
    world.change([](Tables& tables) {
        for (auto& [id, content] : tables.contents) content.duration_ms = 1000;
    });
    Process process(world, disk);
    EXPECT_EQ(run_task(backfill(process)).objects, 3U);
    expect_examined(world);
    EXPECT_EQ(run_task(backfill(process)).objects, 0U) << "nothing is left to do";
    world.expect_nothing_left();
}

/// An index of an older version is replaced, and its object goes.
TEST(BackfillerTest, ReplacesIndexesOfAnotherVersion) {
    World world;
    world.add_content(disk);
    Process process(world, disk);
    run_task(backfill(process));
    world.change([](Tables& tables) {
        for (auto& [id, object] : tables.objects) {
            if (object.key.starts_with("index/"))
                object.media_type = "application/vnd.clinikk.packaging-index; version=0";
        }
    });
    EXPECT_EQ(run_task(backfill(process)).objects, 1U);
    world.expect_nothing_left();
    expect_examined(world);
    EXPECT_EQ(world.tables().objects.size(), 2U);
}

TEST(BackfillerTest, LeavesTheFactsOfBytesThatHaveChanged) {
    World world;
    world.add_content(disk);
    world.disk.objects.begin()->second.bytes = "video bitrot";
    Process process(world, disk);
    EXPECT_EQ(run_task(backfill(process)).failures, 1U);
    EXPECT_EQ(world.tables().objects.begin()->second.sha256, Sha256::of("video bytes"));
}

TEST(BackfillerTest, WhateverCallFailsTheNextRunFinishes) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            for (int i = 0; i < 3; ++i) world.add_content(disk);
            world.forget_facts();
            Process process(world, disk);
            break_call(process.calls, number, fault);
            outcome_of(backfill(process));
            world.expect_nothing_lost();
            Process next(world, disk);
            EXPECT_EQ(run_task(backfill(next)).failures, 0U);
            expect_examined(world);
            world.expect_nothing_left();
            return process.calls.count() >= number;
        });
        EXPECT_GE(calls, 15) << name_of(fault);
    }
}

TEST(VerifierTest, WhateverCallFailsNothingChangesAndTheNextRunTellsTheTruth) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            for (int i = 0; i < 3; ++i) world.add_content(disk);
            world.disk.objects.begin()->second.bytes = "video bitrot";
            auto const version = world.database.version();
            Process process(world, disk);
            break_call(process.calls, number, fault);
            auto const told = outcome_of(verify(process));
            if (told) EXPECT_GE(told->faults, 1U) << "an object that cannot be read is a fault";
            Process next(world, disk);
            EXPECT_EQ(run_task(verify(next)).faults, 1U);
            EXPECT_EQ(world.database.version(), version);
            return process.calls.count() >= number;
        });
        EXPECT_GE(calls, 6) << name_of(fault);
    }
}

}  // namespace
}  // namespace clinikk
