#include "service/resumable_upload_service.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "unit/service/resumable_upload_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::hours;
using std::chrono::seconds;
using End = RequestBody::End;

class ResumableUploadServiceTest : public ::testing::TestWithParam<FakeStorage::Kind> {
protected:
    ResumableUpload row_of(Client const& client) { return world_.tables().resumable_uploads.at(client.reference.id); }

    /// Returns the names of the calls that a piece of work makes.
    std::vector<std::string> calls_of(Process& process, std::function<void()> const& work) {
        std::vector<std::string> names;
        process.calls.before = [&](int, std::string_view name) { names.emplace_back(name); };
        work();
        process.calls.before = {};
        return names;
    }

    void expect_published(Client const& client, std::string_view bytes = film) {
        auto const tables = world_.tables();
        auto const& content = tables.contents.at(client.reference.id);
        EXPECT_EQ(content.size, static_cast<std::int64_t>(bytes.size()));
        EXPECT_EQ(content.sha256, Sha256::of(bytes));
        EXPECT_EQ(content.title, "A title");
        EXPECT_EQ(content.file_name, "a.mp4");
        EXPECT_EQ(content.owner_id, ada_.user.id);
        EXPECT_EQ(tables.objects.at(client.reference.id).key, "objects/" + client.reference.id.to_string());
        EXPECT_FALSE(tables.uploads.contains(client.reference.id));
        EXPECT_EQ(row_of(client).state, ResumableState::done);
        EXPECT_EQ(row_of(client).progress, "");
        world_.expect_nothing_lost();
    }

    World world_;
    Caller ada_ = world_.add_caller("ada");
    Process process_{world_, GetParam()};
    Process other_{world_, GetParam(), "other"};
};
INSTANTIATE_TEST_SUITE_P(Stores, ResumableUploadServiceTest,
                         ::testing::Values(FakeStorage::Kind::disk, FakeStorage::Kind::bucket));

TEST_P(ResumableUploadServiceTest, OneChunkMakesAContentWithoutASecondReading) {
    auto const client = begin(process_, ada_);
    EXPECT_EQ(world_.tables().uploads.at(client.reference.id).holder, "");
    Result<UploadStatus> status = Error(ErrorCode::internal);
    auto const calls = calls_of(process_, [&] { status = client.send(film, 0); });
    ASSERT_TRUE(status) << status.error().detail;
    EXPECT_EQ(status->upload.state, ResumableState::done);
    ASSERT_TRUE(status->content);
    EXPECT_EQ(status->content->id, client.reference.id);
    expect_published(client);
    EXPECT_EQ(std::ranges::count(calls, "store.body"), 0);
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadServiceTest, ConsecutiveChunksToOneProcessNeedNoSecondReading) {
    auto const client = begin(process_, ada_);
    auto const calls = calls_of(process_, [&] {
        ASSERT_TRUE(client.send(film.substr(0, 7), 0));
        ASSERT_TRUE(client.send(film.substr(7), 7));
    });
    expect_published(client);
    EXPECT_EQ(std::ranges::count(calls, "store.body"), 0);
}

TEST_P(ResumableUploadServiceTest, AnyProcessTakesTheNextChunkOfAnySize) {
    auto const client = begin(process_, ada_);
    for (std::size_t i = 0; i < film.size(); ++i) {
        auto& taker = i % 2 == 0 ? process_ : other_;
        auto const status = client.by(taker).send(film.substr(i, 1), i);
        ASSERT_TRUE(status) << status.error().detail;
        EXPECT_EQ(status->upload.offset, static_cast<std::int64_t>(i + 1));
    }
    expect_published(client);
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadServiceTest, ExaminationsAreNotKeptForLong) {
    auto const client = begin(process_, ada_);
    ASSERT_TRUE(client.send(film.substr(0, 7), 0));
    world_.clock.jump(seconds(61));
    auto const calls = calls_of(process_, [&] { ASSERT_TRUE(client.send(film.substr(7), 7)); });
    expect_published(client);
    EXPECT_EQ(std::ranges::count(calls, "store.body"), 1);
}

TEST_P(ResumableUploadServiceTest, AnotherOffsetIsRefusedWithTheRightOne) {
    auto const client = begin(process_, ada_);
    ASSERT_TRUE(client.send(film.substr(0, 7), 0));
    for (std::uint64_t const offset : {0U, 6U, 8U, 100U}) {
        auto const status = client.send(film.substr(7), offset);
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, ErrorCode::upload_offset_mismatch);
        ASSERT_EQ(status.error().fields.size(), 1U);
        EXPECT_EQ(status.error().fields[0].second, "7");
        EXPECT_EQ(status.error().members[0].second, 7);
        EXPECT_EQ(status.error().members[1].second, static_cast<std::int64_t>(offset));
    }
    EXPECT_EQ(row_of(client).offset, 7);
    EXPECT_EQ(world_.tables().uploads.at(client.reference.id).holder, "") << "the lock is free again";
    ASSERT_TRUE(client.send(film.substr(7), 7));
    expect_published(client);
}

TEST_P(ResumableUploadServiceTest, WhatArrivedBeforeACutIsKept) {
    auto const client = begin(process_, ada_);
    RequestBody body(film.substr(0, 10), End::cut);
    auto const status = run_task(client.append(body, 0));
    EXPECT_EQ(code_of(status), ErrorCode::bad_request);
    EXPECT_EQ(client.find()->upload.offset, 10);
    ASSERT_TRUE(client.send(film.substr(10), 10));
    expect_published(client);
}

TEST_P(ResumableUploadServiceTest, ACutBehindTheLastByteLosesNothing) {
    auto const client = begin(process_, ada_);
    RequestBody body(film, End::cut);
    EXPECT_EQ(code_of(run_task(client.append(body, 0))), ErrorCode::bad_request);
    auto const status = client.by(other_).find();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->upload.state, ResumableState::done);
    expect_published(client);
}

TEST_P(ResumableUploadServiceTest, NothingBeyondTheLengthIsTaken) {
    auto const client = begin(process_, ada_);
    auto const status = client.send(std::string(film) + "and more", 0);
    EXPECT_EQ(code_of(status), ErrorCode::upload_length_exceeded);
    EXPECT_EQ(row_of(client).offset, static_cast<std::int64_t>(film.size()));
    ASSERT_TRUE(client.send("", film.size()));
    expect_published(client);
}

TEST_P(ResumableUploadServiceTest, TheLastAnswerCanBeAskedForAgain) {
    auto const client = begin(process_, ada_);
    ASSERT_TRUE(client.send(film, 0));
    auto const again = client.by(other_).send("", film.size());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->content.value().id, client.reference.id);
    EXPECT_EQ(client.find()->content.value().id, client.reference.id);
    EXPECT_EQ(code_of(client.send("more", film.size())), ErrorCode::upload_length_exceeded);
    EXPECT_EQ(code_of(client.send(film, 0)), ErrorCode::upload_offset_mismatch);
    EXPECT_EQ(world_.tables().contents.size(), 1U);
}

TEST_P(ResumableUploadServiceTest, TheFirstBytesOfNoMediaEndTheUpload) {
    auto const client = begin(process_, ada_, new_upload(1000));
    std::string const no_media(1000, 'x');
    RequestBody body(no_media);
    auto const status = run_task(client.append(body, 0));
    EXPECT_EQ(code_of(status), ErrorCode::media_unrecognised);
    EXPECT_GE(body.left(), 990U) << "it was not read to its end";
    auto const found = client.find();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->upload.state, ResumableState::failed);
    EXPECT_NE(found->upload.outcome.find("media_unrecognised"), std::string::npos);
    EXPECT_EQ(code_of(client.send("", 0)), ErrorCode::media_unrecognised) << "as the first time";
    EXPECT_TRUE(world_.tables().uploads.empty());
    EXPECT_TRUE(world_.storage(process_.stores.current().name()).appended.empty());
    EXPECT_TRUE(world_.storage(process_.stores.current().name()).objects.empty());
}

TEST_P(ResumableUploadServiceTest, MediaOfAnotherKindEndsTheUpload) {
    auto wanted = new_upload();
    wanted.description = film_description(ContentKind::audio);
    auto const client = begin(process_, ada_, std::move(wanted));
    EXPECT_EQ(code_of(client.send(film, 0)), ErrorCode::media_kind_mismatch);
    auto const again = client.send("", film.size());
    EXPECT_EQ(code_of(again), ErrorCode::media_kind_mismatch);
    EXPECT_TRUE(world_.tables().uploads.empty());
    EXPECT_TRUE(world_.tables().contents.empty());
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadServiceTest, TheStatedDigestIsCompared) {
    auto wanted = new_upload();
    wanted.sha256 = Sha256::of("another file");
    auto const client = begin(process_, ada_, wanted);
    EXPECT_EQ(code_of(client.send(film, 0)), ErrorCode::digest_mismatch);
    EXPECT_EQ(client.find()->upload.state, ResumableState::failed);
    wanted.sha256 = Sha256::of(film);
    auto const right = begin(process_, ada_, wanted);
    EXPECT_TRUE(right.send(film, 0));
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadServiceTest, NoBytesAreNoMedia) {
    auto const begun = run_task(process_.resumable_uploads.begin(ada_, new_upload(0)));
    EXPECT_EQ(code_of(begun), ErrorCode::media_unrecognised);
    EXPECT_TRUE(world_.tables().uploads.empty());
    world_.expect_nothing_left();
}

ChunkChecksum checksum_of(std::string_view algorithm, std::string_view bytes) {
    auto const digest = Digest::make(algorithm);
    digest->update(bytes);
    return {std::string(algorithm), digest->finish()};
}

TEST_P(ResumableUploadServiceTest, NothingIsKeptOfAChunkWithAWrongChecksum) {
    auto const client = begin(process_, ada_);
    ASSERT_TRUE(client.send(film.substr(0, 7), 0));
    auto const rest = film.substr(7);
    for (auto const* const algorithm : {"sha1", "sha256", "sha512", "md5"}) {
        for (std::string const known : {algorithm, ""}) {
            RequestBody body(rest);
            auto const status = run_task(client.append_checked(body, 7, checksum_of(algorithm, "other bytes"), known));
            EXPECT_EQ(code_of(status), ErrorCode::upload_checksum_mismatch);
            EXPECT_EQ(row_of(client).offset, 7);
        }
    }
    RequestBody cut(rest.substr(0, 5), End::cut);
    EXPECT_EQ(code_of(run_task(client.append_checked(cut, 7, checksum_of("sha1", rest), "sha1"))),
              ErrorCode::bad_request);
    EXPECT_EQ(row_of(client).offset, 7);
    RequestBody unknown(rest);
    EXPECT_EQ(code_of(run_task(client.append_checked(unknown, 7, {"crc32", "1234"}, "crc32"))),
              ErrorCode::upload_checksum_unsupported);
    EXPECT_EQ(unknown.left(), rest.size()) << "nothing was read";
    RequestBody right(rest);
    ASSERT_TRUE(run_task(client.append_checked(right, 7, checksum_of("md5", rest), "")));
    expect_published(client);
}

TEST_P(ResumableUploadServiceTest, TheLengthMayBeStatedLater) {
    auto const client = begin(process_, ada_, new_upload({}));
    EXPECT_EQ(client.send(film.substr(0, 7), 0)->upload.length, std::nullopt);
    EXPECT_EQ(code_of(client.send("", 7, {}, 6)), ErrorCode::upload_length_mismatch);
    EXPECT_EQ(code_of(client.send("", 7, {}, 1'000'001)), ErrorCode::upload_too_large);
    auto const told = client.send(film.substr(7, 3), 7, {}, film.size());
    ASSERT_TRUE(told) << told.error().detail;
    EXPECT_EQ(told->upload.length, static_cast<std::int64_t>(film.size()));
    EXPECT_EQ(code_of(client.send("", 10, {}, film.size() + 1)), ErrorCode::upload_length_mismatch);
    ASSERT_TRUE(client.send(film.substr(10), 10));
    expect_published(client);
}

TEST_P(ResumableUploadServiceTest, TheClientMaySayWhenItIsComplete) {
    auto const client = begin(process_, ada_);
    ASSERT_TRUE(client.send(film, 0, false));
    EXPECT_EQ(row_of(client).state, ResumableState::open) << "its length is reached, and it is not complete";
    ASSERT_TRUE(client.send("", film.size(), true));
    expect_published(client);

    auto const unknown = begin(process_, ada_, new_upload({}));
    ASSERT_TRUE(unknown.send(film, 0, true));
    expect_published(unknown);

    auto const shorter = begin(process_, ada_);
    EXPECT_EQ(code_of(shorter.send(film.substr(0, 7), 0, true)), ErrorCode::upload_length_mismatch);
    EXPECT_EQ(row_of(shorter).offset, 7);
    EXPECT_FALSE(row_of(shorter).is_complete);
}

TEST_P(ResumableUploadServiceTest, PartialUploadsAreJoined) {
    auto const first = begin(process_, ada_, new_partial(7));
    auto const second = begin(other_, ada_, new_partial(film.size() - 7));
    EXPECT_EQ(second.send(film.substr(7), 0)->upload.state, ResumableState::done);
    auto wanted = new_upload({});
    wanted.concat = UploadConcat::final_;
    wanted.pieces = {first.reference.id, second.reference.id};
    EXPECT_FALSE(first.send(film.substr(0, 7), 0)->content);
    EXPECT_TRUE(world_.tables().contents.empty());

    auto const stranger = world_.add_caller("bob");
    EXPECT_EQ(code_of(run_task(process_.resumable_uploads.begin(stranger, wanted))), ErrorCode::upload_concat_invalid);
    auto const begun = run_task(process_.resumable_uploads.begin(ada_, wanted));
    ASSERT_TRUE(begun) << begun.error().detail;
    ASSERT_TRUE(begun->content);
    Client const joined{process_, {begun->upload.id, begun->right, {}, {}}};
    expect_published(joined);
    EXPECT_EQ(code_of(joined.send("", film.size())), ErrorCode::upload_is_final);

    auto const again = run_task(process_.resumable_uploads.begin(ada_, wanted));
    ASSERT_TRUE(again) << "a partial upload may be used by several final ones";
    EXPECT_EQ(again->content->sha256, Sha256::of(film));
    wanted.pieces = {first.reference.id, second.reference.id, first.reference.id};
    EXPECT_EQ(code_of(run_task(process_.resumable_uploads.begin(ada_, wanted))), ErrorCode::upload_concat_invalid);
    wanted.pieces.clear();
    EXPECT_EQ(code_of(run_task(process_.resumable_uploads.begin(ada_, wanted))), ErrorCode::upload_concat_invalid);
    world_.expect_nothing_left();
    EXPECT_EQ(world_.tables().contents.size(), 2U);
}

TEST_P(ResumableUploadServiceTest, AFinalUploadWaitsForItsPieces) {
    auto const first = begin(process_, ada_, new_partial(7));
    auto unknown = new_partial(0);
    unknown.length.reset();
    auto const second = begin(other_, ada_, unknown);
    auto wanted = new_upload({});
    wanted.concat = UploadConcat::final_;
    wanted.pieces = {first.reference.id, second.reference.id};
    auto const joined = begin(process_, ada_, wanted);
    EXPECT_EQ(joined.find()->upload.state, ResumableState::open);
    EXPECT_FALSE(joined.find()->upload.length) << "that of the second is not known";
    EXPECT_EQ(code_of(joined.send("x", 0)), ErrorCode::upload_is_final);
    first.send(film.substr(0, 7), 0).value();
    second.send(film.substr(7, 3), 0, {}, film.size() - 7).value();
    EXPECT_EQ(joined.by(other_).find()->upload.length, static_cast<std::int64_t>(film.size()));
    EXPECT_EQ(row_of(joined).state, ResumableState::open);
    second.send(film.substr(10), 3).value();
    EXPECT_EQ(row_of(joined).state, ResumableState::done) << "whoever sends the last byte completes it";
    expect_published(joined);
}

TEST_P(ResumableUploadServiceTest, AFinalUploadFailsWithoutItsPieces) {
    auto const piece = begin(process_, ada_, new_partial(film.size()));
    auto wanted = new_upload({});
    wanted.concat = UploadConcat::final_;
    wanted.pieces = {piece.reference.id};
    auto const joined = begin(process_, ada_, wanted);
    piece.cancel().value();
    EXPECT_EQ(joined.find()->upload.state, ResumableState::failed);
    EXPECT_EQ(code_of(joined.send("", 0)), ErrorCode::upload_is_final);
    EXPECT_TRUE(world_.tables().contents.empty());
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadServiceTest, TheQuotaHoldsForAnnouncedAndForUnknownLengths) {
    auto limits = default_limits;
    limits.user_quota = 30;
    Process limited(world_, GetParam(), "limited", limits);
    EXPECT_EQ(code_of(run_task(limited.resumable_uploads.begin(ada_, new_upload(31)))), ErrorCode::quota_exceeded);
    auto const reserved = begin(limited, ada_, new_upload(20));
    EXPECT_EQ(code_of(run_task(limited.resumable_uploads.begin(ada_, new_upload(11)))), ErrorCode::quota_exceeded);
    auto const unknown = begin(limited, ada_, new_upload({}));
    EXPECT_EQ(code_of(unknown.send("video of 13 bytes and some more", 0)), ErrorCode::quota_exceeded);
    EXPECT_EQ(row_of(unknown).offset, 10) << "what fits is kept";
    EXPECT_EQ(code_of(unknown.send("", 10, {}, 11)), ErrorCode::quota_exceeded);
    ASSERT_TRUE(reserved.cancel());
    ASSERT_TRUE(unknown.send("123", 10, {}, 13)) << "there is room again";
    EXPECT_EQ(code_of(run_task(limited.resumable_uploads.begin(ada_, new_upload(1'000'001)))),
              ErrorCode::upload_too_large);
}

TEST_P(ResumableUploadServiceTest, OnlyTheRightTheOwnerAndAdminsFindIt) {
    auto const client = begin(process_, ada_);
    auto const id = client.reference.id;
    auto const find = [&](UploadReference const& reference) {
        return run_task(process_.resumable_uploads.find(reference));
    };
    EXPECT_TRUE(find({id, {}, ada_, {}}));
    EXPECT_TRUE(find({id, {}, world_.add_caller("root", Role::admin), {}}));
    EXPECT_EQ(code_of(find({id, {}, world_.add_caller("bob"), {}})), ErrorCode::upload_not_found);
    EXPECT_EQ(code_of(find({id, {}, {}, {}})), ErrorCode::upload_not_found);
    EXPECT_EQ(code_of(find({id, std::string(43, 'A'), {}, {}})), ErrorCode::upload_not_found);
    EXPECT_EQ(code_of(find({new_uuid(), client.reference.right, {}, {}})), ErrorCode::upload_not_found);
    auto const stored = row_of(client).right_sha256.value();
    EXPECT_EQ(stored, Sha256::of(client.reference.right)) << "the database has its digest only";

    world_.change([&](Tables& tables) { tables.sessions.clear(); });
    EXPECT_TRUE(client.send(film.substr(0, 7), 0)) << "it outlives the session that began it";
    world_.change([&](Tables& tables) { tables.users.at(ada_.user.id).is_active = false; });
    EXPECT_EQ(code_of(client.send(film.substr(7), 7)), ErrorCode::not_authenticated) << "but not the account";
    EXPECT_EQ(row_of(client).offset, 7);
}

TEST_P(ResumableUploadServiceTest, ItExpiresSomeTimeAfterTheLastChunk) {
    auto const client = begin(process_, ada_);
    world_.clock.jump(hours(20));
    ASSERT_TRUE(client.send(film.substr(0, 7), 0));
    world_.clock.jump(hours(20));
    EXPECT_EQ(client.find()->upload.offset, 7);
    world_.clock.jump(hours(5));
    EXPECT_EQ(code_of(client.send(film.substr(7), 7)), ErrorCode::upload_expired);
    EXPECT_EQ(code_of(client.find()), ErrorCode::upload_expired);
    EXPECT_EQ(code_of(client.cancel()), ErrorCode::upload_not_found);
    world_.expect_nothing_left();
    EXPECT_EQ(code_of(client.find()), ErrorCode::upload_expired);
}

TEST_P(ResumableUploadServiceTest, ACancelledUploadIsGone) {
    auto const client = begin(process_, ada_);
    ASSERT_TRUE(client.send(film.substr(0, 7), 0));
    ASSERT_TRUE(client.by(other_).cancel());
    EXPECT_TRUE(world_.tables().uploads.empty());
    EXPECT_TRUE(world_.storage(process_.stores.current().name()).appended.empty());
    EXPECT_EQ(code_of(client.find()), ErrorCode::upload_cancelled);
    EXPECT_EQ(code_of(client.send(film.substr(7), 7)), ErrorCode::upload_cancelled);
    EXPECT_EQ(code_of(client.cancel()), ErrorCode::upload_not_found);

    auto const done = begin(process_, ada_);
    ASSERT_TRUE(done.send(film, 0));
    ASSERT_TRUE(done.cancel());
    EXPECT_EQ(code_of(done.find()), ErrorCode::upload_not_found);
    EXPECT_TRUE(world_.tables().contents.contains(done.reference.id)) << "the content stays";
    world_.expect_nothing_left();
}

TEST_P(ResumableUploadServiceTest, OnlyWhoMayChangeAContentBeginsToReplaceItsSource) {
    auto const content = world_.add_content(GetParam());
    auto wanted = new_upload();
    wanted.replaces = content.id;
    auto const begin_again = [&] { return run_task(process_.resumable_uploads.begin(ada_, wanted)); };
    EXPECT_EQ(code_of(begin_again()), ErrorCode::forbidden);
    world_.change([&](Tables& tables) { tables.contents.at(content.id).visibility = Visibility::private_; });
    EXPECT_EQ(code_of(begin_again()), ErrorCode::content_not_found);
    world_.change([&](Tables& tables) { tables.contents.at(content.id).owner_id = ada_.user.id; });
    wanted.description = film_description(ContentKind::audio);
    EXPECT_EQ(code_of(begin_again()), ErrorCode::media_kind_mismatch);
    wanted.description = film_description();
    auto const begun = begin_again();
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->upload.replaces, content.id);
}

TEST_P(ResumableUploadServiceTest, AUserListsWhatIsUnderWay) {
    auto const first = begin(process_, ada_);
    world_.clock.jump(seconds(1));
    auto const second = begin(process_, ada_);
    auto const foreign = begin(process_, world_.add_caller("bob"));
    auto const done = begin(process_, ada_);
    ASSERT_TRUE(done.send(film, 0));
    auto const list = [&](std::optional<Uuid> before, std::size_t limit) {
        return run_task(process_.resumable_uploads.list(ada_, before, limit)).value();
    };
    // Ids of one millisecond are in no order.
    auto const [older, newer] = std::minmax(first.reference.id, second.reference.id);
    ASSERT_EQ(list({}, 10).size(), 2U);
    EXPECT_EQ(list({}, 10)[0].id, newer);
    EXPECT_EQ(list({}, 1).size(), 1U);
    ASSERT_EQ(list(newer, 10).size(), 1U);
    EXPECT_EQ(list(newer, 10)[0].id, older);
}

TEST_P(ResumableUploadServiceTest, WhatADeadProcessLeftUnexaminedIsFinished) {
    auto const client = begin(process_, ada_);
    process_.calls.before = [&](int, std::string_view name) {
        if (name == "inspector.finish") process_.calls.kill();
    };
    RequestBody body(film);
    EXPECT_FALSE(outcome_of(client.append(body, 0)));
    EXPECT_EQ(row_of(client).state, ResumableState::open);
    EXPECT_EQ(run_task(other_.resumable_uploads.finish_unfinished()), 0U) << "its lease has not run out";
    world_.clock.jump(seconds(6));
    EXPECT_EQ(run_task(other_.resumable_uploads.finish_unfinished()), 1U);
    expect_published(client);
    EXPECT_EQ(run_task(other_.resumable_uploads.finish_unfinished()), 0U);
    world_.expect_nothing_left();
}

}  // namespace
}  // namespace clinikk
