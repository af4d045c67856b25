#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

class UploadStoreContract : public DatabaseContract {
protected:
    Upload add_upload(std::optional<Uuid> owner, std::int64_t offset, std::optional<std::int64_t> length,
                      Timestamp lease_until) {
        Upload upload;
        upload.id = new_uuid();
        upload.content_id = new_uuid();
        upload.owner_id = owner;
        upload.offset = offset;
        upload.length = length;
        upload.object_id = new_uuid();
        upload.store = "local";
        upload.holder = "me";
        upload.lease_until = lease_until;
        upload.expires_at = at(1000);
        upload.created_at = at(0);
        run(repositories().uploads().insert(upload));
        return upload;
    }

    Upload get(Uuid id) { return run(repositories().uploads().find(id)).value(); }
};
INSTANTIATE_TEST_SUITE_P(Databases, UploadStoreContract, ::testing::ValuesIn(all_databases()));

void expect_equal(Upload const& left, Upload const& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.content_id, right.content_id);
    EXPECT_EQ(left.owner_id, right.owner_id);
    EXPECT_EQ(left.method, right.method);
    EXPECT_EQ(left.state, right.state);
    EXPECT_EQ(left.offset, right.offset);
    EXPECT_EQ(left.length, right.length);
    EXPECT_EQ(left.object_id, right.object_id);
    EXPECT_EQ(left.store, right.store);
    EXPECT_EQ(left.object_key, right.object_key);
    EXPECT_EQ(left.s3_upload_id, right.s3_upload_id);
    EXPECT_EQ(left.holder, right.holder);
    EXPECT_EQ(left.lease_until, right.lease_until);
    EXPECT_EQ(left.expires_at, right.expires_at);
    EXPECT_EQ(left.created_at, right.created_at);
    EXPECT_EQ(left.part_size, right.part_size);
    EXPECT_EQ(left.metadata, right.metadata);
}

TEST_P(UploadStoreContract, AllMembersComeBack) {
    Upload const full{.id = new_uuid(),
                      .content_id = new_uuid(),
                      .owner_id = add_user("owner@example.org"),
                      .method = UploadMethod::direct,
                      .state = UploadState::committing,
                      .offset = 12,
                      .length = 34,
                      .object_id = new_uuid(),
                      .store = "s3",
                      .object_key = "video/1.mp4",
                      .s3_upload_id = "abc",
                      .holder = "host:1:2",
                      .lease_until = at(1),
                      .expires_at = at(2),
                      .created_at = at(3),
                      .part_size = 8'388'608,
                      .metadata = R"({"title":"Straße"})"};
    run(repositories().uploads().insert(full));
    expect_equal(get(full.id), full);
    auto const bare = add_upload({}, 0, {}, at(10));
    expect_equal(get(bare.id), bare);
    EXPECT_FALSE(run(repositories().uploads().find(new_uuid())));
}

TEST_P(UploadStoreContract, OnlyTheHolderRenews) {
    auto upload = add_upload({}, 0, 100, at(10));
    EXPECT_TRUE(run(repositories().uploads().renew(upload.id, "me", 50, at(20))));
    upload.offset = 50;
    upload.lease_until = at(20);
    expect_equal(get(upload.id), upload);
    EXPECT_FALSE(run(repositories().uploads().renew(upload.id, "you", 60, at(30))));
    EXPECT_FALSE(run(repositories().uploads().renew(new_uuid(), "me", 60, at(30))));
    expect_equal(get(upload.id), upload);
}

TEST_P(UploadStoreContract, OnlyTheHolderStartsToCommit) {
    auto upload = add_upload({}, 7, 100, at(10));
    EXPECT_FALSE(run(repositories().uploads().start_commit(upload.id, "you", "video/2.mp4", at(30))));
    expect_equal(get(upload.id), upload);
    EXPECT_TRUE(run(repositories().uploads().start_commit(upload.id, "me", "video/1.mp4", at(20))));
    upload.state = UploadState::committing;
    upload.object_key = "video/1.mp4";
    upload.lease_until = at(20);
    expect_equal(get(upload.id), upload);
    EXPECT_FALSE(run(repositories().uploads().start_commit(new_uuid(), "me", "video/3.mp4", at(30))));
}

TEST_P(UploadStoreContract, OnlyAnExpiredOneIsTakenOver) {
    auto upload = add_upload({}, 7, 100, at(10));
    EXPECT_FALSE(run(repositories().uploads().take_over(upload.id, "you", at(10), at(30))));
    EXPECT_FALSE(run(repositories().uploads().take_over(new_uuid(), "you", at(11), at(30))));
    expect_equal(get(upload.id), upload);
    EXPECT_TRUE(run(repositories().uploads().take_over(upload.id, "you", at(11), at(30))));
    upload.holder = "you";
    upload.lease_until = at(30);
    expect_equal(get(upload.id), upload);
    EXPECT_FALSE(run(repositories().uploads().renew(upload.id, "me", 8, at(40))));
    EXPECT_FALSE(run(repositories().uploads().finish(upload.id, "me")));
    EXPECT_TRUE(run(repositories().uploads().finish(upload.id, "you")));
}

TEST_P(UploadStoreContract, ADirectUploadIsItsClientsUntilSomebodyCompletesIt) {
    Upload upload;
    upload.id = new_uuid();
    upload.method = UploadMethod::direct;
    upload.store = "s3";
    upload.holder = "me";
    upload.lease_until = at(10);
    upload.expires_at = at(10);
    run(repositories().uploads().insert(upload));
    // While it is being begun nobody else may touch it.
    EXPECT_FALSE(run(repositories().uploads().claim(upload.id, "you", at(10), at(40))));
    upload.object_key = "video/1.mp4";
    upload.s3_upload_id = "abc";
    upload.expires_at = at(100);
    EXPECT_FALSE(run(repositories().uploads().hand_over(upload, "you")));
    EXPECT_TRUE(run(repositories().uploads().hand_over(upload, "me")));
    upload.holder = "";
    upload.lease_until = at(100);
    expect_equal(get(upload.id), upload);
    EXPECT_TRUE(run(repositories().uploads().list_abandoned(at(100), 10)).empty());

    EXPECT_FALSE(run(repositories().uploads().claim(upload.id, "you", at(101), at(131)))) << "it has expired";
    EXPECT_TRUE(run(repositories().uploads().claim(upload.id, "you", at(20), at(50))));
    EXPECT_FALSE(run(repositories().uploads().claim(upload.id, "me", at(21), at(51)))) << "it is being completed";
    upload.holder = "you";
    upload.state = UploadState::committing;
    upload.lease_until = at(50);
    expect_equal(get(upload.id), upload);
    EXPECT_TRUE(run(repositories().uploads().claim(upload.id, "me", at(51), at(81)))) << "its holder has died";
    EXPECT_FALSE(run(repositories().uploads().hand_over(upload, "you")));
    EXPECT_TRUE(run(repositories().uploads().hand_over(upload, "me")));
    EXPECT_EQ(get(upload.id).state, UploadState::receiving);
}

TEST_P(UploadStoreContract, OnlyDirectUploadsAreClaimed) {
    auto const form = add_upload({}, 0, 100, at(10));
    EXPECT_FALSE(run(repositories().uploads().claim(form.id, "you", at(20), at(50))));
    EXPECT_FALSE(run(repositories().uploads().claim(new_uuid(), "you", at(20), at(50))));
}

TEST_P(UploadStoreContract, AResumableUploadIsHeldByOneRequestAtATime) {
    Upload upload;
    upload.id = new_uuid();
    upload.method = UploadMethod::resumable;
    upload.store = "s3";
    upload.object_key = "objects/" + upload.id.to_string();
    upload.lease_until = upload.expires_at = at(100);
    run(repositories().uploads().insert(upload));
    EXPECT_FALSE(run(repositories().uploads().claim(upload.id, "me", at(10), at(40)))) << "it is not direct";
    EXPECT_FALSE(run(repositories().uploads().claim_resumable(new_uuid(), "me", at(10), at(40))));
    EXPECT_FALSE(run(repositories().uploads().claim_resumable(upload.id, "me", at(101), at(131)))) << "expired";
    expect_equal(get(upload.id), upload);

    EXPECT_TRUE(run(repositories().uploads().claim_resumable(upload.id, "me/1", at(10), at(40))));
    upload.holder = "me/1";
    upload.lease_until = at(40);
    expect_equal(get(upload.id), upload);
    EXPECT_FALSE(run(repositories().uploads().claim_resumable(upload.id, "me/2", at(11), at(41))));
    EXPECT_FALSE(run(repositories().uploads().claim_resumable(upload.id, "me/1", at(11), at(41))));
    EXPECT_FALSE(run(repositories().uploads().claim_resumable(upload.id, "me/2", at(40), at(70)))) << "not yet";
    EXPECT_TRUE(run(repositories().uploads().claim_resumable(upload.id, "me/2", at(41), at(71)))) << "it has died";

    EXPECT_FALSE(run(repositories().uploads().release_resumable(upload.id, "me/1", at(200))));
    EXPECT_FALSE(run(repositories().uploads().release_resumable(new_uuid(), "me/2", at(200))));
    EXPECT_TRUE(run(repositories().uploads().start_commit(upload.id, "me/2", upload.object_key, at(72))));
    EXPECT_EQ(get(upload.id).state, UploadState::committing);
    EXPECT_TRUE(run(repositories().uploads().release_resumable(upload.id, "me/2", at(200))));
    upload.holder = "";
    upload.lease_until = upload.expires_at = at(200);
    expect_equal(get(upload.id), upload);
    EXPECT_FALSE(run(repositories().uploads().release_resumable(upload.id, "me/2", at(300))));
    EXPECT_TRUE(run(repositories().uploads().list_abandoned(at(200), 10)).empty());
    EXPECT_EQ(run(repositories().uploads().list_abandoned(at(201), 10)).size(), 1U);
}

TEST_P(UploadStoreContract, OnlyResumableUploadsAreClaimedAndReleasedAsSuch) {
    auto const form = add_upload({}, 0, 100, at(10));
    EXPECT_FALSE(run(repositories().uploads().claim_resumable(form.id, "you", at(20), at(50))));
    EXPECT_FALSE(run(repositories().uploads().release_resumable(form.id, "me", at(50))));
    expect_equal(get(form.id), form);
}

/// What it has reserved is its own until it expires, held or not.
TEST_P(UploadStoreContract, CountsResumableUploadsUntilTheyExpire) {
    auto const owner = add_user("a@example.org");
    Upload upload;
    upload.id = new_uuid();
    upload.owner_id = owner;
    upload.method = UploadMethod::resumable;
    upload.store = "local";
    upload.length = 700;
    upload.lease_until = upload.expires_at = at(100);
    run(repositories().uploads().insert(upload));
    EXPECT_EQ(run(repositories().uploads().in_flight(owner, at(99))).bytes, 700);
    EXPECT_TRUE(run(repositories().uploads().claim_resumable(upload.id, "me", at(10), at(40))));
    for (auto const moment : {at(39), at(41), at(99)}) {
        EXPECT_EQ(run(repositories().uploads().in_flight(owner, moment)).count, 1);
        EXPECT_EQ(run(repositories().uploads().in_flight(owner, moment)).bytes, 700);
    }
    EXPECT_EQ(run(repositories().uploads().in_flight(owner, at(100))).count, 0);
}

TEST_P(UploadStoreContract, FinishedOnesAreGone) {
    auto const upload = add_upload({}, 0, {}, at(10));
    EXPECT_FALSE(run(repositories().uploads().finish(upload.id, "you")));
    EXPECT_TRUE(run(repositories().uploads().finish(upload.id, "me")));
    EXPECT_FALSE(run(repositories().uploads().finish(upload.id, "me")));
    EXPECT_FALSE(run(repositories().uploads().find(upload.id)));
    EXPECT_FALSE(run(repositories().uploads().renew(upload.id, "me", 1, at(20))));
}

TEST_P(UploadStoreContract, TellsWhatIsBeingWritten) {
    auto upload = add_upload({}, 0, {}, at(10));
    auto const other = new_uuid();
    EXPECT_TRUE(run(repositories().uploads().is_writing("video/other.mp4", upload.id)));
    EXPECT_TRUE(run(repositories().uploads().is_writing("video/other.mp4", upload.object_id)));
    EXPECT_FALSE(run(repositories().uploads().is_writing("video/3.mp4", other)));
    EXPECT_TRUE(run(repositories().uploads().start_commit(upload.id, "me", "video/3.mp4", at(30))));
    EXPECT_TRUE(run(repositories().uploads().is_writing("video/3.mp4", other)));
    EXPECT_FALSE(run(repositories().uploads().is_writing("video/4.mp4", other)));
    EXPECT_TRUE(run(repositories().uploads().finish(upload.id, "me")));
    EXPECT_FALSE(run(repositories().uploads().is_writing("video/3.mp4", upload.id)));
}

TEST_P(UploadStoreContract, CountsWhatIsInFlight) {
    auto const owner = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const none = run(repositories().uploads().in_flight(owner, at(0)));
    EXPECT_EQ(none.count, 0);
    EXPECT_EQ(none.bytes, 0);

    add_upload(owner, 5, 100, at(10));         // announced more than came: 100
    add_upload(owner, 3000, 2000, at(10));     // came more than announced: 3000
    add_upload(owner, 40'000, {}, at(10));     // announced nothing
    add_upload(owner, 500'000, {}, at(5));     // lease has run out
    add_upload(other, 6'000'000, {}, at(10));  // somebody else's
    add_upload({}, 70'000'000, {}, at(10));    // nobody's
    auto const sum = run(repositories().uploads().in_flight(owner, at(5)));
    EXPECT_EQ(sum.count, 3);
    EXPECT_EQ(sum.bytes, 43'100);
    EXPECT_EQ(run(repositories().uploads().in_flight(owner, at(4))).count, 4);
    EXPECT_EQ(run(repositories().uploads().in_flight(owner, at(10))).count, 0);
}

TEST_P(UploadStoreContract, ListsTheAbandonedLongestAgoFirst) {
    auto const second = add_upload({}, 0, {}, at(2));
    auto const first = add_upload({}, 0, {}, at(1));
    auto const third = add_upload({}, 0, {}, at(3));
    add_upload({}, 0, {}, at(4));
    auto const all = run(repositories().uploads().list_abandoned(at(4), 10));
    ASSERT_EQ(all.size(), 3U);
    expect_equal(all[0], first);
    expect_equal(all[1], second);
    expect_equal(all[2], third);
    auto const some = run(repositories().uploads().list_abandoned(at(4), 2));
    ASSERT_EQ(some.size(), 2U);
    expect_equal(some[0], first);
    EXPECT_TRUE(run(repositories().uploads().list_abandoned(at(1), 10)).empty());
}

}  // namespace
}  // namespace clinikk::testing
