#include "service/direct_upload_service.hpp"

#include "service/upload_lease.hpp"
#include "unit/service/service_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

constexpr auto bucket = FakeStorage::Kind::bucket;

UploadDescription described(char const* file_name = "a.mp4") {
    UploadDescription description;
    description.title = "A title";
    description.content_type = ContentKind::video;
    description.file_name = file_name;
    description.disposition = "inline";
    return description;
}

/// A direct upload whose parts are all in the bucket.
struct SentUpload {
    Uuid id{};
    UploadCompletion completion{};
};

constexpr std::uint64_t file_size = 11;

SentUpload send(World& world, Process& process, Caller const& caller, char const* file_name = "a.mp4") {
    auto const begun = run_task(process.direct_uploads.begin(caller, described(file_name), file_size)).value();
    DirectUploadHandle const handle{begun.upload.object_key, begun.upload.s3_upload_id};
    auto etag = world.bucket.put_part(handle, 1, "video bytes");
    return {begun.upload.id, {{{1, std::move(etag)}}, Sha256::of("video bytes")}};
}

TEST(DirectUploadServiceTest, MakesAContentOnceHoweverOftenItIsCompleted) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, bucket);
    auto const sent = send(world, process, caller);
    for (int i = 0; i < 3; ++i) {
        auto const content = run_task(process.direct_uploads.complete(caller, sent.id, sent.completion));
        ASSERT_TRUE(content);
        EXPECT_EQ(content->id, sent.id);
        EXPECT_EQ(content->media_type, "video/mp4");
    }
    EXPECT_EQ(world.tables().contents.size(), 1U);
    EXPECT_EQ(world.bucket.objects.size(), 2U) << "the source and its packaging index";
    EXPECT_TRUE(world.bucket.objects.contains("objects/" + sent.id.to_string()));
    world.expect_nothing_left();
}

/// The name of the file tells the type that the bucket has; the row has that of the bytes, under which it is played.
TEST(DirectUploadServiceTest, TheBucketHasTheTypeThatTheFileClaims) {
    struct Case {
        char const* file_name;
        char const* media_type;
    };
    for (auto const& [file_name, media_type] :
         {Case{"a.mp4", "video/mp4"}, Case{"A.B.WEBM", "video/webm"}, Case{"a.exe", "application/octet-stream"},
          Case{"mp4", "application/octet-stream"}, Case{"a.mp4/..", "application/octet-stream"}}) {
        World world;
        auto const caller = world.add_caller("ada");
        Process process(world, bucket);
        auto const sent = send(world, process, caller, file_name);
        auto const content = run_task(process.direct_uploads.complete(caller, sent.id, sent.completion));
        ASSERT_TRUE(content);
        EXPECT_EQ(content->media_type, "video/mp4");
        auto const& stored = world.bucket.objects.at("objects/" + sent.id.to_string());
        EXPECT_EQ(stored.label.media_type, media_type) << file_name;
        EXPECT_EQ(stored.label.disposition, "inline");
        world.expect_nothing_left();
    }
}

/// The client asks again after whatever went wrong, of another process, when the lease of the first has run out.
TEST(DirectUploadServiceTest, WhereverACompletionStopsTheNextOneGoesOn) {
    for (bool const is_collected : {false, true}) {
        for (auto const fault : all_faults) {
            int const calls = for_every_call([&](int number) {
                SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
                World world;
                auto const caller = world.add_caller("ada");
                Process process(world, bucket, "first");
                auto const sent = send(world, process, caller);
                int const begun = process.calls.count();
                break_call(process.calls, begun + number, fault);
                outcome_of(process.direct_uploads.complete(caller, sent.id, sent.completion));
                world.expect_nothing_lost();

                world.clock.jump(upload_lease_length + seconds(1));
                Process next(world, bucket, "next");
                if (is_collected) {
                    EXPECT_LE(next.collect().uploads, 1U) << "an index; the upload is its client's until it expires";
                    next.collect_strays();
                }
                auto const content = outcome_of(next.direct_uploads.complete(caller, sent.id, sent.completion));
                EXPECT_TRUE(content && content->has_value())
                    << (content ? describe(content->error().code).name : "it was thrown");
                EXPECT_EQ(world.tables().contents.size(), 1U);
                world.expect_nothing_left();
                return process.calls.count() >= begun + number;
            });
            EXPECT_GE(calls, 20) << name_of(fault);
        }
    }
}

TEST(DirectUploadServiceTest, WhereverABeginningOrAnEndStopsNothingIsLeft) {
    for (bool const is_aborted : {false, true}) {
        for (auto const fault : all_faults) {
            int const calls = for_every_call([&](int number) {
                SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
                World world;
                auto const caller = world.add_caller("ada");
                Process process(world, bucket);
                std::optional<SentUpload> sent;
                if (is_aborted) sent = send(world, process, caller);
                int const begun = process.calls.count();
                break_call(process.calls, begun + number, fault);
                if (sent) {
                    outcome_of(process.direct_uploads.abort(caller, sent->id));
                } else {
                    outcome_of(process.direct_uploads.begin(caller, described(), file_size));
                }
                world.expect_nothing_left();
                EXPECT_TRUE(world.tables().contents.empty());
                return process.calls.count() >= begun + number;
            });
            EXPECT_GE(calls, 5) << name_of(fault);
        }
    }
}

/// The process stands still for longer than its lease at some call, and another process completes the upload meanwhile.
TEST(DirectUploadServiceTest, WhereverTheLeaseIsLostOneContentComesOfIt) {
    for_every_call([&](int number) {
        SCOPED_TRACE("before call " + std::to_string(number));
        World world;
        auto const caller = world.add_caller("ada");
        Process process(world, bucket, "first");
        auto const sent = send(world, process, caller);
        int const begun = process.calls.count();
        process.calls.before = [&](int at, std::string_view) {
            if (at != begun + number) return;
            world.clock.jump(upload_lease_length + seconds(1));
            Process other(world, bucket, "other");
            outcome_of(other.direct_uploads.complete(caller, sent.id, sent.completion));
        };
        auto const first = outcome_of(process.direct_uploads.complete(caller, sent.id, sent.completion));
        world.clock.jump(upload_lease_length + seconds(1));
        Process next(world, bucket, "next");
        auto const content = outcome_of(next.direct_uploads.complete(caller, sent.id, sent.completion));
        EXPECT_TRUE(content && content->has_value());
        EXPECT_EQ(world.tables().contents.size(), 1U);
        if (first && first->has_value()) EXPECT_EQ((*first)->id, sent.id);
        world.expect_nothing_left();
        return process.calls.count() >= begun + number;
    });
}

/// As above, where the first ends the upload: its client gives it up, or names another digest.
TEST(DirectUploadServiceTest, WhoHasLostItsLeaseRemovesNothingThatAnotherHasPublished) {
    for (bool const aborts : {true, false}) {
        int published = 0;
        for_every_call([&](int number) {
            SCOPED_TRACE((aborts ? "abort, call " : "refusal, call ") + std::to_string(number));
            World world;
            auto const caller = world.add_caller("ada");
            Process process(world, bucket, "first");
            auto const sent = send(world, process, caller);
            auto wrong = sent.completion;
            wrong.sha256 = Sha256::of("other bytes");
            int const begun = process.calls.count();
            bool is_published = false;
            process.calls.before = [&](int at, std::string_view) {
                if (at != begun + number) return;
                world.clock.jump(upload_lease_length + seconds(1));
                Process other(world, bucket, "other");
                auto const content = outcome_of(other.direct_uploads.complete(caller, sent.id, sent.completion));
                is_published = content && content->has_value();
            };
            if (aborts) {
                outcome_of(process.direct_uploads.abort(caller, sent.id));
            } else {
                outcome_of(process.direct_uploads.complete(caller, sent.id, wrong));
            }
            if (is_published) ++published;
            EXPECT_EQ(world.tables().contents.size(), is_published ? 1U : 0U);
            world.expect_nothing_lost();
            world.expect_nothing_left();
            return process.calls.count() >= begun + number;
        });
        EXPECT_GE(published, 3);
    }
}

TEST(DirectUploadServiceTest, ACompletionThatIsUnderWayIsRenewedAndKeepsOthersOut) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, bucket, "first");
    auto const sent = send(world, process, caller);
    auto const claimed_for = [&]() -> Task<bool> {
        auto const executor = co_await boost::asio::this_coro::executor;
        auto const at = world.clock.now();
        co_await process.work.repositories().uploads().claim(sent.id, "first", at, at + upload_lease_length);
        auto const upload = co_await process.work.repositories().uploads().find(sent.id);
        UploadLease const lease(executor, world.clock, process.work.repositories().uploads(), *upload, world.log);
        bool is_busy = true;
        for (int i = 0; i < 100; ++i) {
            co_await world.clock.advance(seconds(25));
            Process other(world, bucket, "other");
            other.collect();
            auto const refused = run_task(other.direct_uploads.complete(caller, sent.id, sent.completion));
            is_busy = is_busy && refused.has_error() && refused.error().code == ErrorCode::upload_busy;
        }
        co_return is_busy && !lease.is_lost();
    };
    EXPECT_TRUE(run_task(claimed_for()));
}

TEST(DirectUploadServiceTest, ExpiresAndIsThenTheCollectors) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, bucket);
    auto const sent = send(world, process, caller);
    auto const addresses = [&] { return run_task(process.direct_uploads.addresses(caller, sent.id, 1, 1)); };
    world.clock.jump(direct_upload_life - std::chrono::minutes(5));
    EXPECT_EQ(process.collect().uploads, 0U);
    auto const last = addresses();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->expires_at, world.clock.now() + std::chrono::minutes(5)) << "no longer than the upload";
    world.clock.jump(std::chrono::minutes(5) + seconds(1));
    EXPECT_EQ(addresses().error().code, ErrorCode::upload_not_found);
    auto const late = run_task(process.direct_uploads.complete(caller, sent.id, sent.completion));
    EXPECT_EQ(late.error().code, ErrorCode::upload_not_found);
    EXPECT_EQ(process.collect().uploads, 1U);
    EXPECT_TRUE(world.bucket.direct.empty());
    EXPECT_TRUE(world.tables().uploads.empty());
}

TEST(DirectUploadServiceTest, WhatIsRefusedForGoodEndsAndWhatMayBeMendedStays) {
    World world;
    auto const caller = world.add_caller("ada");
    Process process(world, bucket);
    auto const sent = send(world, process, caller);

    auto other_list = sent.completion;
    other_list.parts[0].etag = "\"another\"";
    auto const mismatch = run_task(process.direct_uploads.complete(caller, sent.id, other_list));
    EXPECT_EQ(mismatch.error().code, ErrorCode::parts_mismatch);
    world.change([&](Tables& tables) { tables.users.at(caller.user.id).role = Role::viewer; });
    auto const demoted = run_task(process.direct_uploads.complete(caller, sent.id, sent.completion));
    EXPECT_EQ(demoted.error().code, ErrorCode::forbidden);
    world.change([&](Tables& tables) { tables.users.at(caller.user.id).role = Role::editor; });
    ASSERT_TRUE(run_task(process.direct_uploads.progress(caller, sent.id)));

    auto other_digest = sent.completion;
    other_digest.sha256 = Sha256::of("other bytes");
    auto const refused = run_task(process.direct_uploads.complete(caller, sent.id, other_digest));
    EXPECT_EQ(refused.error().code, ErrorCode::digest_mismatch);
    EXPECT_TRUE(world.tables().uploads.empty());
    EXPECT_TRUE(world.bucket.objects.empty());
    world.expect_nothing_left();
}

}  // namespace
}  // namespace clinikk
