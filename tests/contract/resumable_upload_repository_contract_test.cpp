#include <algorithm>

#include "contract/database_contract.hpp"

namespace clinikk::testing {
namespace {

Sha256Digest digest(std::uint8_t byte) {
    Sha256Digest filled{};
    filled.fill(byte);
    return filled;
}

/// An id that sorts by `number`.
Uuid id_of(std::uint8_t number) {
    Uuid id;
    id.bytes.fill(number);
    return id;
}

class ResumableUploadContract : public DatabaseContract {
protected:
    /// An open upload, and its write, which `holder` holds until 100.
    ResumableUpload add(std::optional<Uuid> owner, std::string const& holder = "me", Uuid id = new_uuid()) {
        ResumableUpload upload;
        upload.id = id;
        upload.owner_id = owner;
        upload.length = 1000;
        upload.created_at = at(0);
        upload.expires_at = at(1000);
        run(store().insert(upload));
        add_write(upload, holder);
        return upload;
    }

    void add_write(ResumableUpload const& upload, std::string const& holder) {
        Upload write;
        write.id = write.content_id = write.object_id = upload.id;
        write.owner_id = upload.owner_id;
        write.method = UploadMethod::resumable;
        write.length = upload.length;
        write.store = "local";
        write.holder = holder;
        write.lease_until = holder.empty() ? upload.expires_at : at(100);
        write.expires_at = upload.expires_at;
        write.created_at = upload.created_at;
        run(writes().insert(write));
    }

    /// One that has ended, whose row is to be removed at that time.
    Uuid add_ended(ResumableState state, Timestamp expires_at) {
        ResumableUpload upload;
        upload.id = new_uuid();
        upload.state = state;
        upload.created_at = at(0);
        upload.expires_at = expires_at;
        run(store().insert(upload));
        return upload.id;
    }

    ResumableUploadRepository& store() { return repositories().resumable_uploads(); }
    UploadRepository& writes() { return repositories().uploads(); }
    ResumableUpload get(Uuid id) { return run(store().find(id)).value(); }
    Upload get_write(Uuid id) { return run(writes().find(id)).value(); }

    std::vector<Uuid> unfinished(Timestamp at, std::size_t limit = 10, Uuid after = {}) {
        auto const found = run(store().list_unfinished(at, after, limit));
        std::vector<Uuid> ids(found.size());
        std::ranges::transform(found, ids.begin(), &ResumableUpload::id);
        return ids;
    }

    std::vector<Uuid> open_ones(Uuid owner, std::optional<Uuid> before, std::size_t limit) {
        auto const found = run(store().list_open(owner, before, limit));
        std::vector<Uuid> ids(found.size());
        std::ranges::transform(found, ids.begin(), &ResumableUpload::id);
        return ids;
    }
};
INSTANTIATE_TEST_SUITE_P(Databases, ResumableUploadContract, ::testing::ValuesIn(all_databases()));

void expect_equal(ResumableUpload const& left, ResumableUpload const& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.owner_id, right.owner_id);
    EXPECT_EQ(left.state, right.state);
    EXPECT_EQ(left.offset, right.offset);
    EXPECT_EQ(left.length, right.length);
    EXPECT_EQ(left.is_complete, right.is_complete);
    EXPECT_EQ(left.description, right.description);
    EXPECT_EQ(left.metadata, right.metadata);
    EXPECT_EQ(left.concat, right.concat);
    EXPECT_EQ(left.concat_field, right.concat_field);
    EXPECT_EQ(left.pieces, right.pieces);
    EXPECT_EQ(left.right_sha256, right.right_sha256);
    EXPECT_EQ(left.progress, right.progress);
    EXPECT_EQ(left.sha256, right.sha256);
    EXPECT_EQ(left.replaces, right.replaces);
    EXPECT_EQ(left.outcome, right.outcome);
    EXPECT_EQ(left.created_at, right.created_at);
    EXPECT_EQ(left.expires_at, right.expires_at);
}

TEST_P(ResumableUploadContract, AllMembersComeBack) {
    ResumableUpload const full{.id = new_uuid(),
                               .owner_id = add_user("owner@example.org"),
                               .state = ResumableState::failed,
                               .offset = 5'000'000'000,
                               .length = 6'000'000'000,
                               .is_complete = true,
                               .description = R"({"title":"Straße"})",
                               .metadata = "title U3RyYcOfZQ==,is_confidential",
                               .concat = UploadConcat::final_,
                               .concat_field = "final;/uploads/a /uploads/b",
                               .pieces = "a b",
                               .right_sha256 = digest(1),
                               .progress = R"({"parts":[1,2]})",
                               .sha256 = digest(2),
                               .replaces = new_uuid(),
                               .outcome = R"({"code":"media_unrecognised"})",
                               .created_at = at(1),
                               .expires_at = at(2)};
    run(store().insert(full));
    expect_equal(get(full.id), full);
    auto const bare = add({});
    expect_equal(get(bare.id), bare);
    EXPECT_FALSE(run(store().find(new_uuid())));
    for (auto const concat : {UploadConcat::none, UploadConcat::partial, UploadConcat::final_}) {
        ResumableUpload upload;
        upload.id = new_uuid();
        upload.concat = concat;
        run(store().insert(upload));
        EXPECT_EQ(get(upload.id).concat, concat);
    }
}

TEST_P(ResumableUploadContract, OnlyWhoHoldsTheWriteSaves) {
    auto upload = add(add_user("owner@example.org"));
    auto told = upload;
    told.offset = 600;
    told.length = 700;
    told.is_complete = true;
    told.progress = "parts";
    told.expires_at = at(2000);
    told.state = ResumableState::done;  // what a save does not record
    told.outcome = "outcome";
    EXPECT_FALSE(run(store().save(told, "you")));
    EXPECT_FALSE(run(store().save(told, "")));
    expect_equal(get(upload.id), upload);
    EXPECT_EQ(get_write(upload.id).offset, 0);

    EXPECT_TRUE(run(store().save(told, "me")));
    upload.offset = 600;
    upload.length = 700;
    upload.is_complete = true;
    upload.progress = "parts";
    upload.expires_at = at(2000);
    expect_equal(get(upload.id), upload);
    auto const write = get_write(upload.id);
    EXPECT_EQ(write.offset, 600);
    EXPECT_EQ(write.length, 700);
    EXPECT_EQ(write.expires_at, at(2000));
    EXPECT_EQ(write.lease_until, at(100));
    EXPECT_EQ(write.holder, "me");

    EXPECT_TRUE(run(writes().finish(upload.id, "me")));
    told.offset = 650;
    EXPECT_FALSE(run(store().save(told, "me")));
    expect_equal(get(upload.id), upload);
}

TEST_P(ResumableUploadContract, OneUploadIsSavedAndEndedAtATime) {
    auto const other = add({});
    auto upload = add({});
    upload.offset = 10;
    EXPECT_TRUE(run(store().save(upload, "me")));
    upload.state = ResumableState::done;
    EXPECT_TRUE(run(store().end(upload, "me")));
    expect_equal(get(other.id), other);
    EXPECT_EQ(get_write(other.id).offset, 0);
}

TEST_P(ResumableUploadContract, OnlyWhoHoldsTheWriteEndsIt) {
    auto upload = add({});
    auto told = upload;
    told.state = ResumableState::failed;
    told.outcome = R"({"code":"media_unrecognised"})";
    told.progress = "";
    told.expires_at = at(3000);
    told.offset = 999;  // what an end does not record
    EXPECT_FALSE(run(store().end(told, "you")));
    EXPECT_FALSE(run(store().end(told, "")));
    expect_equal(get(upload.id), upload);
    EXPECT_TRUE(run(store().end(told, "me")));
    told.offset = 0;
    expect_equal(get(upload.id), told);
    EXPECT_TRUE(run(writes().finish(upload.id, "me")));
    told.state = ResumableState::done;
    EXPECT_FALSE(run(store().end(told, "me")));
    EXPECT_EQ(get(upload.id).state, ResumableState::failed);
}

TEST_P(ResumableUploadContract, ListsTheOpenOnesOfAnOwnerNewestFirst) {
    auto const owner = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    for (std::uint8_t const number : {3, 1, 4, 2}) add(owner, "", id_of(number));
    add(other, "", id_of(5));
    add({}, "", id_of(6));
    auto ended = add(owner, "me", id_of(7));
    ended.state = ResumableState::failed;
    EXPECT_TRUE(run(store().end(ended, "me")));

    using Ids = std::vector<Uuid>;
    EXPECT_EQ(open_ones(owner, {}, 10), (Ids{id_of(4), id_of(3), id_of(2), id_of(1)}));
    EXPECT_EQ(open_ones(owner, {}, 3), (Ids{id_of(4), id_of(3), id_of(2)}));
    EXPECT_EQ(open_ones(owner, id_of(3), 10), (Ids{id_of(2), id_of(1)}));
    EXPECT_EQ(open_ones(owner, id_of(3), 1), Ids{id_of(2)});
    EXPECT_EQ(open_ones(owner, id_of(1), 10), Ids{});
    EXPECT_EQ(open_ones(other, {}, 10), Ids{id_of(5)});
    EXPECT_EQ(open_ones(new_uuid(), {}, 10), Ids{});
    EXPECT_EQ(run(store().list_open(other, {}, 10)).front().length, 1000);
}

TEST_P(ResumableUploadContract, ListsWhatIsCompleteAndNobodyExamines) {
    auto complete = [&](std::uint8_t number, std::string const& holder) {
        auto upload = add({}, holder.empty() ? "me" : holder, id_of(number));
        upload.is_complete = true;
        EXPECT_TRUE(run(store().save(upload, holder.empty() ? "me" : holder)));
        if (holder.empty()) EXPECT_TRUE(run(writes().release_resumable(upload.id, "me", upload.expires_at)));
    };
    complete(2, "");
    complete(1, "dead");  // until 100
    add({}, "", id_of(3));
    complete(4, "me");
    auto ended = get(id_of(4));
    ended.state = ResumableState::done;
    EXPECT_TRUE(run(store().end(ended, "me")));
    complete(5, "me");
    EXPECT_TRUE(run(writes().finish(id_of(5), "me")));

    using Ids = std::vector<Uuid>;
    EXPECT_EQ(unfinished(at(100)), Ids{id_of(2)}) << "the other is held";
    EXPECT_EQ(unfinished(at(101)), (Ids{id_of(1), id_of(2)}));
    EXPECT_EQ(unfinished(at(101), 1), Ids{id_of(1)});
    EXPECT_EQ(unfinished(at(101), 1, id_of(1)), Ids{id_of(2)});
    EXPECT_EQ(unfinished(at(101), 1, id_of(2)), Ids{});
    EXPECT_EQ(unfinished(at(1000)).size(), 2U);
    EXPECT_EQ(unfinished(at(1001)), Ids{}) << "they have expired";
}

TEST_P(ResumableUploadContract, ForgetsWhatHasEnded) {
    using enum ResumableState;
    for (auto const state : {done, failed, cancelled, expired}) {
        auto const early = add_ended(state, at(10));
        auto const late = add_ended(state, at(20));
        EXPECT_EQ(run(store().remove_ended(at(9), 10)), 0U);
        EXPECT_EQ(run(store().remove_ended(at(10), 10)), 1U);
        EXPECT_FALSE(run(store().find(early)));
        EXPECT_TRUE(run(store().find(late)));
        EXPECT_EQ(run(store().remove_ended(at(20), 10)), 1U);
    }
    auto const resting = add({}, "");
    EXPECT_EQ(run(store().remove_ended(at(5000), 10)), 0U) << "it is open";
    EXPECT_TRUE(run(store().find(resting.id)));
}

TEST_P(ResumableUploadContract, ForgetsSoManyAtOnce) {
    for (int number = 0; number < 5; ++number) add_ended(ResumableState::done, at(10 + number));
    EXPECT_EQ(run(store().remove_ended(at(100), 2)), 2U);
    EXPECT_EQ(run(store().remove_ended(at(100), 2)), 2U);
    EXPECT_EQ(run(store().remove_ended(at(100), 2)), 1U);
    EXPECT_EQ(run(store().remove_ended(at(100), 2)), 0U);
}

/// Only the row of a piece tells how to remove its bytes.
TEST_P(ResumableUploadContract, ForgetsNothingWhoseBytesAreThere) {
    auto piece = add({});
    piece.state = ResumableState::done;
    piece.concat = UploadConcat::partial;
    piece.expires_at = at(10);
    EXPECT_TRUE(run(store().end(piece, "me")));
    auto const other = add_ended(ResumableState::done, at(20));
    EXPECT_EQ(run(store().remove_ended(at(100), 1)), 1U) << "those that stay are in nobody's way";
    EXPECT_FALSE(run(store().find(other)));
    EXPECT_EQ(run(store().remove_ended(at(100), 1)), 0U);
    EXPECT_TRUE(run(writes().finish(piece.id, "me")));
    EXPECT_EQ(run(store().remove_ended(at(100), 1)), 1U);
}

TEST_P(ResumableUploadContract, ForgetsOnlyWhatHasEndedAndHasNoBytes) {
    auto upload = add(add_user("a@example.org"), "me");
    EXPECT_FALSE(run(store().forget(upload.id))) << "it is open";
    upload.state = ResumableState::done;
    EXPECT_TRUE(run(store().end(upload, "me")));
    EXPECT_FALSE(run(store().forget(upload.id))) << "its write is there";
    EXPECT_TRUE(run(writes().finish(upload.id, "me")));
    EXPECT_TRUE(run(store().forget(upload.id)));
    EXPECT_FALSE(run(store().find(upload.id)));
    EXPECT_FALSE(run(store().forget(upload.id)));
}

TEST_P(ResumableUploadContract, CancelsWhatIsTheAccounts) {
    auto const owner = add_user("a@example.org");
    auto const other = add_user("b@example.org");
    auto const held = add(owner, "me");
    auto const resting = add(owner, "");
    auto const others = add(other, "me");
    ResumableUpload piece;
    piece.id = new_uuid();
    piece.owner_id = owner;
    piece.state = ResumableState::done;
    piece.concat = UploadConcat::partial;
    piece.expires_at = at(1000);
    run(store().insert(piece));
    add_write(piece, "");
    auto ended = add(owner, "me");
    ended.state = ResumableState::failed;
    EXPECT_TRUE(run(store().end(ended, "me")));
    EXPECT_TRUE(run(writes().finish(ended.id, "me")));
    Upload form;
    form.id = new_uuid();
    form.owner_id = owner;
    form.store = "local";
    form.holder = "me";
    form.lease_until = form.expires_at = at(100);
    run(writes().insert(form));
    EXPECT_EQ(run(writes().in_flight(owner, at(50))).count, 4);

    run(store().cancel_owned(owner, at(50), at(5000)));
    for (auto const id : {held.id, resting.id, piece.id}) {
        EXPECT_EQ(get(id).state, ResumableState::cancelled);
        EXPECT_EQ(get(id).expires_at, at(5000));
        EXPECT_FALSE(run(writes().claim_resumable(id, "you", at(51), at(81))));
        EXPECT_EQ(get_write(id).holder, "");
    }
    EXPECT_FALSE(run(store().save(held, "me"))) << "its request has lost it";
    EXPECT_FALSE(run(writes().renew(held.id, "me", 1, at(90))));
    EXPECT_EQ(run(writes().list_abandoned(at(51), 10)).size(), 3U) << "the collector takes the bytes";
    EXPECT_EQ(run(writes().in_flight(owner, at(50))).count, 1);
    EXPECT_EQ(get_write(form.id).holder, "me");
    EXPECT_EQ(get(ended.id).state, ResumableState::failed);
    EXPECT_EQ(get(ended.id).expires_at, at(1000));
    expect_equal(get(others.id), others);
    EXPECT_TRUE(run(store().save(others, "me")));
    EXPECT_TRUE(run(store().list_open(owner, {}, 10)).empty());
}

TEST_P(ResumableUploadContract, AbandonsAnUploadWhoeverHoldsIt) {
    auto const owner = add_user("a@example.org");
    auto const upload = add(owner, "me");
    auto const other = add(owner, "me");
    run(store().abandon(upload.id, at(50), at(5000)));
    auto const abandoned = get(upload.id);
    EXPECT_EQ(abandoned.state, ResumableState::cancelled);
    EXPECT_EQ(abandoned.expires_at, at(5000));
    EXPECT_EQ(abandoned.description + abandoned.metadata + abandoned.concat_field + abandoned.pieces, "");
    EXPECT_FALSE(run(store().save(upload, "me"))) << "its request has lost it";
    EXPECT_EQ(run(writes().list_abandoned(at(51), 10)).size(), 1U) << "the collector takes the bytes";
    EXPECT_TRUE(run(store().save(other, "me")));

    auto ended = other;
    ended.state = ResumableState::done;
    ended.expires_at = at(1000);
    EXPECT_TRUE(run(store().end(ended, "me")));
    run(store().abandon(other.id, at(50), at(5000)));
    EXPECT_EQ(get(other.id).state, ResumableState::done) << "one that has ended stays as it is";
    EXPECT_EQ(get(other.id).expires_at, at(1000));
    EXPECT_EQ(get_write(other.id).holder, "me");
}

TEST_P(ResumableUploadContract, HandsOverWhatAPieceHasReserved) {
    auto const owner = add_user("a@example.org");
    auto piece = add(owner, "");
    auto const open = add(owner, "");
    piece.state = ResumableState::done;
    piece.concat = UploadConcat::partial;
    piece.id = new_uuid();
    run(store().insert(piece));
    add_write(piece, "");
    EXPECT_EQ(run(writes().in_flight(owner, at(50))).count, 3);

    run(store().hand_over_piece(piece.id, at(60)));
    run(store().hand_over_piece(open.id, at(60)));
    EXPECT_EQ(run(writes().in_flight(owner, at(50))).count, 2) << "what is open is no piece";
    EXPECT_EQ(get_write(piece.id).owner_id, std::nullopt);
    EXPECT_EQ(get(piece.id).owner_id, owner) << "it can be joined once more";
    EXPECT_EQ(get(piece.id).expires_at, at(60));
    EXPECT_TRUE(run(writes().list_abandoned(at(60), 10)).empty());
    EXPECT_EQ(run(writes().list_abandoned(at(61), 10)).size(), 1U);

    run(store().cancel_owned(owner, at(50), at(5000)));
    EXPECT_EQ(run(writes().list_abandoned(at(51), 10)).size(), 3U) << "it goes with its account";
}

TEST_P(ResumableUploadContract, OutlivesItsOwner) {
    auto const owner = add_user("a@example.org");
    auto const upload = add(owner, "");
    EXPECT_TRUE(run(repositories().users().remove(owner)));
    EXPECT_EQ(get(upload.id).owner_id, std::nullopt);
    EXPECT_EQ(get_write(upload.id).owner_id, std::nullopt);
}

}  // namespace
}  // namespace clinikk::testing
