#include "service/upload_lease.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;

constexpr auto bucket = FakeStorage::Kind::bucket;
constexpr std::string_view new_bytes = "video, cut anew";

/// A direct upload whose parts are all in the bucket.
struct SentUpload {
    Uuid id{};
    UploadCompletion completion{};
};

/// A content, and uploads that replace its source.
struct Replacement {
    explicit Replacement(World& world_in) : world(world_in) {
        world.change([&](Tables& tables) {
            auto& row = tables.contents.at(content.id);
            row.owner_id = owner.user.id;
            row.file_name = "first.mp4";
            row.description = "What an editor said";
        });
    }

    Result<BegunUpload> begin(Process& process, Caller const& caller) {
        UploadDescription description;
        description.title = "Not asked for";
        description.content_type = ContentKind::audio;  // as little
        description.file_name = "second.mp4";
        description.disposition = "inline";
        return run_task(process.direct_uploads.begin(caller, description, new_bytes.size(), content.id));
    }

    SentUpload send(Process& process) {
        auto const begun = begin(process, owner).value();
        DirectUploadHandle const handle{begun.upload.object_key, begun.upload.s3_upload_id};
        auto etag = world.bucket.put_part(handle, 1, std::string(new_bytes));
        return {begun.upload.id, {{{1, std::move(etag)}}, Sha256::of(new_bytes)}};
    }

    Result<Content> complete(Process& process, SentUpload const& sent) {
        return run_task(process.direct_uploads.complete(owner, sent.id, sent.completion));
    }

    Object source() const {
        auto const now = world.tables();
        return now.objects.at(now.content_objects.at({content.id, ObjectRole::source}));
    }

    World& world;
    Caller owner = world.add_caller("ada");
    Content content = world.add_content(bucket);
};

TEST(SourceReplacementTest, GivesTheContentOtherBytesAndLeavesWhatWasSaidOfIt) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const& content = replacement.content;
    auto const old_source = replacement.source();
    auto const sent = replacement.send(process);
    EXPECT_EQ(replacement.source().id, old_source.id) << "the old one plays until the new one is accepted";
    EXPECT_EQ(run_task(process.direct_uploads.progress(replacement.owner, sent.id))->upload.content_id, content.id);

    world.clock.jump(std::chrono::minutes(1));
    auto const changed = replacement.complete(process, sent);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->id, content.id);
    EXPECT_EQ(changed->title, "A title");
    EXPECT_EQ(changed->description, "What an editor said");
    EXPECT_EQ(changed->content_type, ContentKind::video);
    EXPECT_EQ(changed->owner_id, replacement.owner.user.id);
    EXPECT_EQ(changed->created_at, content.created_at);
    EXPECT_EQ(changed->updated_at, world.clock.now());
    EXPECT_EQ(changed->size, static_cast<std::int64_t>(new_bytes.size()));
    EXPECT_EQ(changed->sha256, Sha256::of(new_bytes));
    EXPECT_EQ(changed->duration_ms, 1000);
    EXPECT_EQ(changed->duration, 1);
    EXPECT_EQ(changed->packaging, Packaging::ready);
    EXPECT_EQ(changed->file_name, "second.mp4");
    EXPECT_EQ(changed->storage_url, process.bucket.public_url(replacement.source().key));

    auto const now = world.tables();
    EXPECT_EQ(now.contents.size(), 1U);
    EXPECT_EQ(now.objects.at(old_source.id).state, ObjectState::deleting);
    EXPECT_EQ(replacement.source().id, sent.id);
    EXPECT_TRUE(now.content_objects.contains({content.id, ObjectRole::index}));
    ASSERT_EQ(now.outbox.size(), 1U);
    EXPECT_EQ(now.outbox[0].type, "content.updated");
    EXPECT_EQ(now.outbox[0].subject, content.id);
    auto const told = run_task(
        process.work.repositories().audit().list({.action = AuditAction::content_source_replaced, .limit = 10}));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].actor_id, replacement.owner.user.id);
    EXPECT_EQ(told[0].target_id, content.id);
    EXPECT_EQ(told[0].details, R"({"title":"A title"})");

    EXPECT_EQ(replacement.complete(process, sent)->id, content.id) << "as often as it is asked for";
    world.expect_nothing_left();
    EXPECT_FALSE(world.bucket.objects.contains(old_source.key));
}

TEST(SourceReplacementTest, ReplacesTheIndexToo) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    ASSERT_TRUE(replacement.complete(process, replacement.send(process)));
    auto const before = world.tables().content_objects.at({replacement.content.id, ObjectRole::index});
    ASSERT_TRUE(replacement.complete(process, replacement.send(process)));
    auto const now = world.tables();
    EXPECT_NE(now.content_objects.at({replacement.content.id, ObjectRole::index}), before);
    EXPECT_EQ(now.objects.at(before).state, ObjectState::deleting);
    world.expect_nothing_left();
    EXPECT_EQ(world.tables().objects.size(), 2U) << "a source and its index";
}

TEST(SourceReplacementTest, OfTwoAtOnceTheLastStays) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const first = replacement.send(process);
    auto const second = replacement.send(process);
    ASSERT_TRUE(replacement.complete(process, second));
    ASSERT_TRUE(replacement.complete(process, first));
    EXPECT_EQ(replacement.source().id, first.id);
    world.expect_nothing_left();
    EXPECT_EQ(world.tables().objects.size(), 2U);
}

TEST(SourceReplacementTest, LeavesASharedSourceToTheOtherContent) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const shared = replacement.source();
    auto const other = world.add_content(bucket, "video to be dropped");
    world.change([&](Tables& tables) {
        auto& link = tables.content_objects.at({other.id, ObjectRole::source});
        tables.objects.at(link).state = ObjectState::deleting;
        link = shared.id;
    });
    ASSERT_TRUE(replacement.complete(process, replacement.send(process)));
    EXPECT_EQ(world.tables().content_objects.at({other.id, ObjectRole::source}), shared.id);
    world.expect_nothing_left();
    EXPECT_TRUE(world.bucket.objects.contains(shared.key));
}

TEST(SourceReplacementTest, IsForThoseWhoMayChangeTheContent) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const other = world.add_caller("bob");
    EXPECT_EQ(replacement.begin(process, other).error().code, ErrorCode::forbidden);
    auto const viewer = world.add_caller("eve", Role::viewer);
    EXPECT_EQ(replacement.begin(process, viewer).error().code, ErrorCode::forbidden);
    world.change([&](Tables& tables) { tables.contents.at(replacement.content.id).visibility = Visibility::private_; });
    EXPECT_EQ(replacement.begin(process, other).error().code, ErrorCode::content_not_found);
    EXPECT_TRUE(world.tables().uploads.empty());
    EXPECT_TRUE(replacement.begin(process, world.add_caller("root", Role::admin)));
    replacement.content.id = new_uuid();
    EXPECT_EQ(replacement.begin(process, replacement.owner).error().code, ErrorCode::content_not_found);
}

/// The right is asked for again in the transaction that replaces.
TEST(SourceReplacementTest, IsRefusedWhenTheContentHasGoneToAnother) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const other = world.add_caller("bob");
    auto const before = replacement.source();
    auto const sent = replacement.send(process);
    world.change([&](Tables& tables) { tables.contents.at(replacement.content.id).owner_id = other.user.id; });
    EXPECT_EQ(replacement.complete(process, sent).error().code, ErrorCode::forbidden);
    EXPECT_EQ(replacement.source().id, before.id);
    EXPECT_EQ(world.tables().contents.at(replacement.content.id).sha256, replacement.content.sha256);
    EXPECT_TRUE(world.tables().uploads.contains(sent.id)) << "the owner may give it back";
    world.expect_nothing_left();
}

TEST(SourceReplacementTest, IsRefusedWhenTheContentIsOfAnotherKindByNow) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const before = replacement.source();
    auto const sent = replacement.send(process);
    world.change([&](Tables& tables) { tables.contents.at(replacement.content.id).content_type = ContentKind::audio; });
    EXPECT_EQ(replacement.complete(process, sent).error().code, ErrorCode::media_kind_mismatch);
    EXPECT_EQ(replacement.source().id, before.id);
    EXPECT_TRUE(world.tables().uploads.empty());
    world.expect_nothing_left();
}

TEST(SourceReplacementTest, EndsWhenTheContentIsDeletedMeanwhile) {
    World world;
    Replacement replacement(world);
    Process process(world, bucket);
    auto const sent = replacement.send(process);
    ASSERT_TRUE(run_task(process.contents.remove(replacement.owner, replacement.content.id)));
    EXPECT_EQ(replacement.complete(process, sent).error().code, ErrorCode::content_not_found);
    EXPECT_TRUE(world.tables().uploads.empty());
    EXPECT_TRUE(world.bucket.objects.empty());
    world.expect_nothing_left();
}

/// Whatever goes wrong, the content has one source, the old or the new one, whose bytes are there.
TEST(SourceReplacementTest, WhereverItStopsTheContentPlaysAndTheNextCompletionGoesOn) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            Replacement replacement(world);
            Process process(world, bucket, "first");
            auto const sent = replacement.send(process);
            int const begun = process.calls.count();
            break_call(process.calls, begun + number, fault);
            outcome_of(process.direct_uploads.complete(replacement.owner, sent.id, sent.completion));
            world.expect_nothing_lost();

            world.clock.jump(upload_lease_length + std::chrono::seconds(1));
            Process next(world, bucket, "next");
            next.collect();
            world.expect_nothing_lost();
            auto const changed = outcome_of(next.direct_uploads.complete(replacement.owner, sent.id, sent.completion));
            EXPECT_TRUE(changed && changed->has_value() && (*changed)->id == replacement.content.id);
            EXPECT_EQ(replacement.source().id, sent.id);
            world.expect_nothing_left();
            EXPECT_EQ(world.tables().objects.size(), 2U);
            EXPECT_EQ(world.bucket.objects.size(), 2U);
            return process.calls.count() >= begun + number;
        });
        EXPECT_GE(calls, 20) << name_of(fault);
    }
}

}  // namespace
}  // namespace clinikk
