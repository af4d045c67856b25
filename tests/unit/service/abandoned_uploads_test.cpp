#include "service/abandoned_uploads.hpp"

#include <algorithm>

#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr hours life{24};

std::string_view name_of(FakeStorage::Kind kind) { return kind == FakeStorage::Kind::disk ? "local" : "s3"; }

/// A resumable upload, its write and its bytes.
class ResumableUploadsLeft {
public:
    ResumableUploadsLeft(World& world, FakeStorage::Kind kind) : world_(world), kind_(kind) {}

    /// One whose client may come back for `life`; if it has a holder, that one's lease lasts for 30 seconds.
    Uuid add(std::string const& holder = {}, ResumableState state = ResumableState::open,
             UploadConcat concat = UploadConcat::none) {
        auto const at = world_.clock.now();
        ResumableUpload upload;
        upload.id = new_uuid();
        upload.state = state;
        upload.concat = concat;
        upload.offset = 5;
        upload.progress = "parts of " + upload.id.to_string();
        upload.created_at = at;
        upload.expires_at = at + life;
        Upload write;
        write.id = write.content_id = write.object_id = upload.id;
        write.method = UploadMethod::resumable;
        write.store = name_of(kind_);
        write.object_key = "objects/" + upload.id.to_string();
        write.holder = holder;
        write.created_at = at;
        write.expires_at = upload.expires_at;
        write.lease_until = holder.empty() ? write.expires_at : at + seconds(30);
        world_.change([&](Tables& tables) {
            tables.uploads.emplace(write.id, write);
            tables.resumable_uploads.emplace(upload.id, upload);
        });
        auto& storage = world_.storage(name_of(kind_));
        storage.appended[upload.id.to_string()] = {"bytes", upload.progress};
        if (kind_ == FakeStorage::Kind::bucket) storage.objects[write.object_key + ".tail"] = {"tail", at, {}};
        return upload.id;
    }

    bool has_bytes(Uuid id) const {
        auto& storage = world_.storage(name_of(kind_));
        auto const key = "objects/" + id.to_string();
        auto const is_its = [&](auto const& row) { return row.first.starts_with(key); };
        return storage.appended.contains(id.to_string()) || std::ranges::any_of(storage.objects, is_its);
    }

private:
    World& world_;
    FakeStorage::Kind kind_;
};

class AbandonedUploadsTest : public ::testing::TestWithParam<FakeStorage::Kind> {
protected:
    ResumableUpload get(Uuid id) { return world_.tables().resumable_uploads.at(id); }
    bool has_row(Uuid id) { return world_.tables().resumable_uploads.contains(id); }
    bool has_write(Uuid id) { return world_.tables().uploads.contains(id); }

    World world_;
    ResumableUploadsLeft left_{world_, GetParam()};
    Process process_{world_, GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Stores, AbandonedUploadsTest,
                         ::testing::Values(FakeStorage::Kind::disk, FakeStorage::Kind::bucket));

TEST_P(AbandonedUploadsTest, ARestingOneStaysUntilItExpires) {
    auto const id = left_.add();
    world_.clock.jump(life);
    EXPECT_EQ(process_.collect().uploads, 0U);
    EXPECT_EQ(process_.collect_strays().strays, 0U);
    EXPECT_EQ(get(id).state, ResumableState::open);
    EXPECT_TRUE(has_write(id));
    EXPECT_TRUE(left_.has_bytes(id));

    world_.clock.jump(microseconds(1));
    EXPECT_EQ(run_task(process_.collector.collect(true, [](auto, auto) {})).uploads, 1U);
    EXPECT_EQ(get(id).state, ResumableState::open) << "that was a dry run";
    EXPECT_TRUE(left_.has_bytes(id));

    auto const at = world_.clock.now();
    EXPECT_EQ(process_.collect().uploads, 1U);
    EXPECT_EQ(get(id).state, ResumableState::expired);
    EXPECT_EQ(get(id).expires_at, at + ended_resumable_upload_life);
    EXPECT_FALSE(has_write(id));
    EXPECT_FALSE(left_.has_bytes(id));
}

TEST_P(AbandonedUploadsTest, WhatHasEndedIsForgottenAWeekLater) {
    auto const id = left_.add();
    world_.clock.jump(life + seconds(1));
    process_.collect();
    world_.clock.jump(ended_resumable_upload_life - microseconds(1));
    process_.collect();
    EXPECT_TRUE(has_row(id));
    world_.clock.jump(microseconds(1));
    process_.collect();
    EXPECT_FALSE(has_row(id));
}

TEST_P(AbandonedUploadsTest, OneCollectionForgetsABoundedNumber) {
    world_.change([&](Tables& tables) {
        for (int number = 0; number < 20'001; ++number) {
            ResumableUpload upload;
            upload.id = new_uuid();
            upload.state = ResumableState::done;
            upload.expires_at = world_.clock.now();
            tables.resumable_uploads.emplace(upload.id, upload);
        }
    });
    process_.collect();
    EXPECT_EQ(world_.tables().resumable_uploads.size(), 1U);
    process_.collect();
    EXPECT_TRUE(world_.tables().resumable_uploads.empty());
}

TEST_P(AbandonedUploadsTest, OneWhoseHolderHasDiedGoesBackToItsClient) {
    auto const id = left_.add("dead");
    world_.clock.jump(seconds(30));
    process_.collect();
    EXPECT_EQ(world_.tables().uploads.at(id).holder, "dead") << "its lease is good";
    world_.clock.jump(microseconds(1));
    run_task(process_.collector.collect(true, [](auto, auto) {}));
    EXPECT_EQ(world_.tables().uploads.at(id).holder, "dead") << "that was a dry run";

    EXPECT_EQ(process_.collect().uploads, 0U);
    auto const write = world_.tables().uploads.at(id);
    EXPECT_EQ(write.holder, "");
    EXPECT_EQ(write.lease_until, get(id).expires_at);
    EXPECT_EQ(write.expires_at, get(id).expires_at);
    EXPECT_EQ(get(id).state, ResumableState::open);
    EXPECT_TRUE(left_.has_bytes(id));
}

/// A long request has moved the expiry of the upload, and that of the row of its write with it.
TEST_P(AbandonedUploadsTest, ItsOwnExpiryCounts) {
    auto const id = left_.add("dead");
    world_.clock.jump(life + seconds(1));
    auto const later = world_.clock.now() + hours(1);
    world_.change([&](Tables& tables) { tables.resumable_uploads.at(id).expires_at = later; });
    EXPECT_EQ(process_.collect().uploads, 0U);
    EXPECT_EQ(world_.tables().uploads.at(id).lease_until, later);
    EXPECT_TRUE(left_.has_bytes(id));
}

TEST_P(AbandonedUploadsTest, APieceWaitsForItsConcatenationUntilItExpires) {
    auto const resting = left_.add("", ResumableState::done, UploadConcat::partial);
    auto const held = left_.add("dead", ResumableState::done, UploadConcat::partial);
    world_.clock.jump(minutes(1));
    process_.collect();
    EXPECT_EQ(world_.tables().uploads.at(held).holder, "");
    EXPECT_TRUE(left_.has_bytes(resting) && left_.has_bytes(held));
    world_.clock.jump(life);
    EXPECT_EQ(process_.collect().uploads, 2U);
    for (auto const id : {resting, held}) {
        EXPECT_EQ(get(id).state, ResumableState::expired);
        EXPECT_FALSE(left_.has_bytes(id));
    }
}

/// Its process died before it had removed the bytes.
TEST_P(AbandonedUploadsTest, OneThatHasEndedGoesAndKeepsItsOutcome) {
    for (auto const state : {ResumableState::cancelled, ResumableState::failed}) {
        auto const id = left_.add("dead", state);
        world_.clock.jump(seconds(31));
        EXPECT_EQ(process_.collect().uploads, 1U);
        EXPECT_EQ(get(id).state, state);
        EXPECT_FALSE(has_write(id));
        EXPECT_FALSE(left_.has_bytes(id));
    }
}

TEST_P(AbandonedUploadsTest, OneWithoutAResourceGoes) {
    auto const id = left_.add("dead");
    world_.change([&](Tables& tables) { tables.resumable_uploads.clear(); });
    world_.storage(name_of(GetParam())).appended.at(id.to_string()).progress.clear();
    world_.clock.jump(seconds(31));
    EXPECT_EQ(process_.collect().uploads, 1U);
    EXPECT_FALSE(has_write(id));
    EXPECT_FALSE(left_.has_bytes(id));
}

/// The collector has found it, and before it takes it over the holder saves more, or the client comes back.
TEST_P(AbandonedUploadsTest, WhatHappensMeanwhileCounts) {
    auto const saved = left_.add("dead");
    auto const claimed = left_.add("dead");
    world_.clock.jump(life + seconds(1));
    bool is_over = false;
    process_.calls.before = [&](int, std::string_view name) {
        if (name != "uploads.take_over" || std::exchange(is_over, true)) return;
        world_.change([&](Tables& tables) {
            tables.resumable_uploads.at(saved).progress = "more";
            tables.uploads.at(claimed).lease_until = world_.clock.now() + seconds(30);
        });
        world_.storage(name_of(GetParam())).appended.at(saved.to_string()).progress = "more";
    };
    process_.collect();
    EXPECT_FALSE(left_.has_bytes(saved));
    EXPECT_TRUE(left_.has_bytes(claimed));
    EXPECT_TRUE(has_write(claimed));
}

TEST_P(AbandonedUploadsTest, BytesOfAnObjectStay) {
    auto const id = left_.add("dead", ResumableState::done);
    auto const key = "objects/" + id.to_string();
    auto& storage = world_.storage(name_of(GetParam()));
    storage.objects[key] = {"bytes", world_.clock.now(), {}};
    storage.appended.clear();
    world_.change([&](Tables& tables) {
        Object object;
        object.id = id;
        object.store = name_of(GetParam());
        object.bucket = GetParam() == FakeStorage::Kind::disk ? "" : "media";
        object.key = key;
        tables.objects.emplace(id, object);
    });
    world_.clock.jump(seconds(31));
    process_.collect();
    EXPECT_TRUE(storage.objects.contains(key));
    EXPECT_EQ(storage.objects.size(), 1U);
    EXPECT_FALSE(has_write(id));
}

TEST_P(AbandonedUploadsTest, WhateverCallFailsTheNextCollectionFinishes) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(testing::name_of(fault)) + " at call " + std::to_string(number));
            World world;
            ResumableUploadsLeft left(world, GetParam());
            auto const expired = left.add();
            world.clock.jump(life - seconds(1));
            auto const returned = left.add("dead");
            world.clock.jump(seconds(31));
            Process process(world, GetParam());
            break_call(process.calls, number, fault);
            outcome_of(process.collector.collect(false, [](auto, auto) {}));
            world.clock.jump(collector_claim_length + seconds(1));
            Process next(world, GetParam(), "next");
            EXPECT_EQ(next.collect().failures, 0U);
            auto const now = world.tables();
            EXPECT_EQ(now.resumable_uploads.at(expired).state, ResumableState::expired);
            EXPECT_FALSE(now.uploads.contains(expired));
            EXPECT_FALSE(left.has_bytes(expired));
            EXPECT_EQ(now.resumable_uploads.at(returned).state, ResumableState::open);
            EXPECT_EQ(now.uploads.at(returned).holder, "");
            EXPECT_TRUE(left.has_bytes(returned));
            world.expect_nothing_left();
            return process.calls.count() >= number;
        });
        EXPECT_GE(calls, 20) << testing::name_of(fault);
    }
}

}  // namespace
}  // namespace clinikk
